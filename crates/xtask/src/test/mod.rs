//! `cargo xtask test`: runs and times every check; independent checks run even if one fails.

mod browser_tests;
mod node_tests;
mod outcome;
mod rust_tests;
mod server_tests;
mod step;
mod times;

use crate::setup::{self, Need};
use crate::{model, paths, process};
use anyhow::{Result, anyhow};
use clap::ValueEnum;
use outcome::{Outcome, summary};
use std::env;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Instant;
use step::{Lane, Step};

/// The environment variable that makes tests run all combinations, such as every variant on every adapter.
const ALL: &str = "WGSLM_TEST_ALL";

/// The packages of the product and xtask, which are checked and built apart: `cargo xtask` is built by itself, and with the features that
/// the others enable, a fifth of its dependencies would be compiled once more.
const PRODUCT: &[&str] = &["--workspace", "--exclude", "xtask"];
const XTASK: &[&str] = &["--package", "xtask"];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only these steps, after the set-up that they need
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    only: Vec<Step>,
    /// Also run the slow combinations: every variant of every kernel, on every adapter and in Chromium
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    let start = Instant::now();
    let asked = |step: &Step| options.only.is_empty() || options.only.contains(step);
    let steps: Vec<Step> = Step::value_variants().iter().copied().filter(asked).collect();
    let needs: Vec<Need> = steps.iter().flat_map(|step| step.needs()).copied().collect();
    // A step whose set-up failed reports that itself.
    println!("\n== setup");
    let mut outcomes = vec![Outcome::of("setup", |_| setup::ensure(&needs))];
    outcomes[0].print_failure();
    outcomes.extend(run_steps(&steps, options.all));
    print!("{}", summary(&outcomes, start.elapsed()));
    if outcomes.iter().all(Outcome::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the steps, those of the browser's build in parallel with the native ones, since it mostly keeps a single core busy.
fn run_steps(steps: &[Step], all: bool) -> Vec<Outcome> {
    let of = |lane| steps.iter().copied().filter(|step| step.lane() == lane).collect::<Vec<_>>();
    let (native, web) = (of(Lane::Native), of(Lane::Web));
    let mut outcomes = Vec::new();
    if native.is_empty() {
        run_in_order(&web, all, &mut outcomes);
    } else {
        thread::scope(|scope| {
            let beside = scope.spawn(|| run_aside(&web, all));
            run_in_order(&native, all, &mut outcomes);
            outcomes.extend(beside.join().expect("a step's error is its outcome"));
        });
    }
    run_in_order(&of(Lane::Last), all, &mut outcomes);
    outcomes
}

/// Runs steps in order, except those that work on the result of a failed step.
fn run_in_order(steps: &[Step], all: bool, outcomes: &mut Vec<Outcome>) {
    for step in steps {
        println!("\n== {}", step.name());
        let outcome = outcome_of(*step, all, outcomes);
        outcome.print_failure();
        outcomes.push(outcome);
    }
}

/// Runs steps in order and prints each step's output at its end.
fn run_aside(steps: &[Step], all: bool) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for step in steps {
        let (outcome, printed) = process::aside(|| outcome_of(*step, all, &outcomes))
            .unwrap_or_else(|error| (Outcome::of(&step.name(), |_| Err(error)), String::new()));
        println!("\n== {}, which ran beside the above\n{}", step.name(), printed.trim_end());
        outcome.print_failure();
        outcomes.push(outcome);
    }
    outcomes
}

fn outcome_of(step: Step, all: bool, before: &[Outcome]) -> Outcome {
    let unbuilt = step.works_on().map(Step::name).filter(|base| failed(before, base));
    Outcome::of(&step.name(), |times| match unbuilt {
        Some(base) => Err(anyhow!("not run, because {base} failed")),
        None => step.run(all, times),
    })
}

fn failed(outcomes: &[Outcome], name: &str) -> bool {
    outcomes.iter().any(|outcome| outcome.name == name && !outcome.passed())
}

/// Sets a test command's environment: the paths of the real models that exist, and whether to run all combinations.
fn with_choices(command: &mut Command, all: bool) -> Result<&mut Command> {
    for model in model::ALL {
        let path = model.path()?;
        if path.exists() {
            command.env(model.variable, path);
        }
    }
    if all {
        command.env(ALL, "1");
    }
    Ok(command)
}

/// Sets a test command's runtime folder where there is none: without it, Vulkan's window system library prints a warning for every instance.
fn with_runtime_folder(command: &mut Command) -> &mut Command {
    if env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("XDG_RUNTIME_DIR", paths::target());
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, passed: bool) -> Outcome {
        Outcome::of(name, |_| if passed { Ok(()) } else { Err(anyhow!("wrong")) })
    }

    #[test]
    fn a_step_is_not_run_on_what_was_not_built() {
        let before = [outcome("format", true), outcome("web", false)];
        let unrun = outcome_of(Step::Size, false, &before);
        assert_eq!(unrun.result.unwrap_err().to_string(), "not run, because web failed");
        assert!(!failed(&before, "format"));
    }

    #[test]
    fn tests_are_told_to_run_whole_products_only_when_asked() {
        for all in [false, true] {
            let mut command = Command::new("cargo");
            with_choices(&mut command, all).unwrap();
            let told = command.get_envs().any(|(name, value)| name == ALL && value == Some("1".as_ref()));
            assert_eq!(told, all);
        }
    }
}
