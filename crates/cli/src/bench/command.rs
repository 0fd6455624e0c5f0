//! The benchmarks beside the measurements of one model: commands of `wgslm bench`.

use clap::Subcommand;

use super::capacity::{self, CapacityArguments};
use super::soak::{self, SoakArguments};
use crate::error::Result;

#[derive(Subcommand, Debug)]
pub(crate) enum BenchCommand {
    /// Answer many requests of many kinds, and fail where memory grows
    Soak(SoakArguments),
    /// Predict latencies and costs of a load for any number of replicas, from the measured costs of this device's steps
    Capacity(CapacityArguments),
}

pub(super) async fn run(command: &BenchCommand) -> Result<()> {
    match command {
        BenchCommand::Soak(arguments) => soak::run(arguments).await,
        BenchCommand::Capacity(arguments) => capacity::run(arguments).await,
    }
}
