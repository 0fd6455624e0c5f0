//! `wgslm`: language models on the GPU, from the command line.

mod arguments;
mod bench;
mod devices;
mod embed;
mod environment;
mod error;
mod generate;
mod inspect;
mod load;
mod logits;
mod npy;
mod perplexity;
mod quantize;
mod tokenize;
mod tuning;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use error::Result;

fn main() -> ExitCode {
    // Usage errors end here, with status 2.
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("WGSLM_LOG"))
        .with_writer(std::io::stderr)
        .init();
    match pollster::block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has enough, as `wgslm tokenize ... | head` does.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics where nobody reads the errors.
            let _ = writeln!(std::io::stderr(), "wgslm: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Generate(arguments) => generate::run(arguments).await,
        Command::Logits(arguments) => logits::run(arguments).await,
        Command::Embed(arguments) => embed::run(arguments).await,
        Command::Tokenize(arguments) => tokenize::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Quantize(arguments) => quantize::run(&arguments),
        Command::Perplexity(arguments) => perplexity::run(arguments).await,
        Command::Bench(arguments) => bench::run(&arguments).await,
        Command::Devices(arguments) => devices::run(&arguments).await,
    }
}
