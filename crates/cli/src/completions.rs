//! `wgslm completions`: the script with which a shell completes commands and options.

use std::io::Write as _;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::error::Result;

#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &CompletionsArguments) -> Result<()> {
    // Into memory first: `generate` panics where the reader has closed the pipe.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "wgslm", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}
