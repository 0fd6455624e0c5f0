//! `wgslm bench capacity`: what a load does to any number of replicas, predicted from the measured costs of one device's steps.

mod load;
mod measure;
mod print;
mod replay;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, value_parser};
use wgslm::engine::EngineOptions;
use wgslm::engine::capacity::{Autoscaling, Fleet, Prediction};

use super::file_name;
use crate::arguments::{ModelArguments, RoomOptions};
use crate::error::{Error, Result};
use load::LoadOptions;
use measure::{CostsFile, Measurement};
use print::Outcome;

/// The most by which a prediction may differ from a real run, in %.
const TOLERANCE: f64 = 15.0;

#[derive(Args, Debug)]
pub(crate) struct CapacityArguments {
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    room: RoomOptions,
    #[command(flatten)]
    load: LoadOptions,
    #[command(flatten)]
    fleet: FleetOptions,
    /// The requests of a replica that wait while as many run as may; more are refused
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u32).range(1..))]
    queue_limit: u32,
    /// The milliseconds that the first prompt of a burst waits for others
    #[arg(long, value_name = "MS", default_value_t = 0)]
    batch_window_ms: u64,
    /// The number of times that each cost is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u32).range(1..))]
    repeat: u32,
    /// Costs that --save-costs has written, perhaps on another machine, instead of measuring them
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// A file to write the measured costs to
    #[arg(long, value_name = "FILE")]
    save_costs: Option<PathBuf>,
    /// Also replay each load through the engine in real time, and fail where the prediction for one replica is more than 15 % off
    #[arg(long, conflicts_with = "costs")]
    verify: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
struct FleetOptions {
    /// The replicas at the beginning, and the fewest later
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..=10_000))]
    replicas: u32,
    /// The most replicas; where it is more than --replicas, replicas are added as queues fill, as Kubernetes does it
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=10_000))]
    most_replicas: Option<u32>,
    /// The mean of waiting requests a replica above which one is added
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = value_parser!(u32).range(1..))]
    queue_threshold: u32,
    /// The seconds from one look at the queues to the next
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = value_parser!(u32).range(1..))]
    period: u32,
    /// The seconds that a new replica takes until it answers
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    startup: u32,
    /// The seconds for which fewer replicas must have been enough until one leaves
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    patience: u32,
    /// The price of a replica an hour, in any currency
    #[arg(long, value_name = "PRICE")]
    price: Option<f64>,
}

impl FleetOptions {
    fn autoscaling(&self) -> Option<Autoscaling> {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        self.most_replicas.filter(|most| *most > self.replicas).map(|most| Autoscaling {
            most,
            threshold: self.queue_threshold,
            period: seconds(self.period),
            startup: seconds(self.startup),
            patience: seconds(self.patience),
        })
    }
}

pub(super) async fn run(arguments: &CapacityArguments) -> Result<()> {
    let loads = arguments.load.loads()?;
    let options = EngineOptions {
        queue: Some(arguments.queue_limit),
        batching_window: Duration::from_millis(arguments.batch_window_ms),
        ..crate::load::options(&arguments.model, arguments.room)
    };
    let (engine, _) = crate::load::engine_with(&arguments.model, &options).await?;
    let costs = match &arguments.costs {
        Some(path) => CostsFile::read(path)?,
        None => {
            let measurement = Measurement { engine: &engine, repeat: arguments.repeat, prompts: 0 };
            measurement.run(file_name(&arguments.model.model)).await?
        }
    };
    if let Some(path) = &arguments.save_costs {
        costs.write(path)?;
    }
    let fleet = Fleet {
        limits: engine.replica_limits(),
        costs: costs.costs(),
        replicas: arguments.fleet.replicas,
        autoscaling: arguments.fleet.autoscaling(),
    };
    let alone = Fleet { replicas: 1, autoscaling: None, ..fleet.clone() };
    let price = arguments.fleet.price;
    let outcome = |rate: f64, load: &[_], prediction: &Prediction| Outcome::of(rate, load, prediction, price);
    let mut planned = Vec::new();
    let mut verified = Vec::new();
    for (rate, load) in &loads {
        planned.push(outcome(*rate, load, &fleet.run(load)));
        if arguments.verify {
            let seen = replay::run(&engine, load)?;
            verified.push((outcome(*rate, load, &alone.run(load)), outcome(*rate, load, &seen)));
        }
    }
    let mut output = std::io::stdout().lock();
    if arguments.json {
        let verified: Vec<_> = verified.iter().map(|(predicted, seen)| print::Verified { predicted, seen }).collect();
        serde_json::to_writer(&mut output, &print::Report { costs: &costs, planned: &planned, verified })?;
        writeln!(output)?;
    } else {
        print::report(&mut output, &costs, &planned, &verified)?;
    }
    verified.iter().try_for_each(|(predicted, seen)| check(predicted, seen))
}

/// An error where a prediction isn't what was seen.
fn check(predicted: &Outcome, seen: &Outcome) -> Result<()> {
    for (what, predicted, seen) in predicted.compared(seen) {
        let percent = 100.0 * (predicted / seen - 1.0).abs();
        if percent > TOLERANCE {
            return Err(Error::Prediction { what, percent, allowed: TOLERANCE });
        }
    }
    Ok(())
}
