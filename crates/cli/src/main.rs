//! `wgslm`: language models on the GPU, from the command line.

mod arguments;
mod bench;
mod chat;
mod completions;
mod devices;
mod drafts;
mod embed;
mod environment;
mod error;
mod generate;
mod grammars;
mod health;
mod inspect;
mod load;
mod logits;
mod npy;
mod perplexity;
mod plan;
mod quantize;
mod read_ahead;
mod rerank;
mod sampling_arguments;
mod serve;
mod tokenize;
mod tuning;

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use error::Result;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    // Usage errors exit here with status 2.
    let arguments = Arguments::parse();
    log();
    match pollster::block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has closed the pipe, as in `wgslm tokenize ... | head`: no error.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics if stderr is closed.
            let _ = writeln!(io::stderr(), "wgslm: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts logging to stderr: wgslm's warnings, or the events that `WGSLM_LOG` selects, with time and module.
fn log() {
    let asked = std::env::var("WGSLM_LOG").ok().filter(|filter| !filter.is_empty());
    let log = tracing_subscriber::fmt().with_writer(|| Log);
    match asked {
        Some(filter) => log.with_env_filter(EnvFilter::new(filter)).init(),
        None => log.with_env_filter(EnvFilter::new("error,wgslm=warn")).without_time().with_target(false).init(),
    }
}

/// Standard error, which clears a progress bar from the last line before each event.
struct Log;

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        const CLEAR_LINE: &[u8] = b"\r\x1b[2K";
        let mut stderr = io::stderr().lock();
        if stderr.is_terminal() {
            stderr.write_all(CLEAR_LINE)?;
        }
        stderr.write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Chat(arguments) => chat::run(*arguments).await,
        Command::Generate(arguments) => generate::run(arguments).await,
        Command::Logits(arguments) => logits::run(arguments).await,
        Command::Embed(arguments) => embed::run(arguments).await,
        Command::Rerank(arguments) => rerank::run(arguments).await,
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Tokenize(arguments) => tokenize::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments).await,
        Command::Quantize(arguments) => quantize::run(&arguments),
        Command::Perplexity(arguments) => perplexity::run(arguments).await,
        Command::Bench(arguments) => bench::run(&arguments).await,
        Command::Devices(arguments) => devices::run(&arguments).await,
        Command::Health(arguments) => health::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
