//! `cargo xtask`: runs the project's chores, such as `demo` and `test`, from any of its folders.

mod demo;
mod model;
mod paths;
mod process;
mod serve;
mod setup;
mod size;
mod test;
mod wasm_toolchain;
mod web;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Sets up, builds, serves and tests wgslm.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build the site, fetch the default model and serve the demo on this machine until Ctrl-C
    Demo(demo::Options),
    /// Run every check: format, clippy, unit tests, web build, size, types, browser tests
    Test(test::Options),
    /// Build the wasm, the npm package (pkg/dist) and the site (target/site)
    BuildWeb,
    /// Download the models of the demo and the tests to the cache folder and print their paths
    Models,
    /// Install everything that the chores need and that is missing
    Setup {
        /// Only list what is installed and what is missing; the exit status is 1 if anything is missing
        #[arg(long)]
        check: bool,
    },
    /// Print the size of the built wasm, and fail if it exceeds the limit
    Size,
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> anyhow::Result<ExitCode> {
    match chore {
        Chore::Demo(options) => return demo::run(&options),
        Chore::Test(options) => return Ok(test::run(&options)),
        Chore::BuildWeb => {
            setup::ensure(web::NEEDS)?;
            web::build()?;
        }
        Chore::Models => {
            setup::ensure(&model::ALL.map(setup::Need::Model))?;
            for model in model::ALL {
                println!("{}", model.path()?.display());
            }
        }
        Chore::Setup { check: false } => setup::ensure(setup::Need::ALL)?,
        Chore::Setup { check: true } => {
            let plan = setup::Plan::new(setup::Need::ALL);
            eprint!("{plan}");
            anyhow::ensure!(plan.is_ready(), "something is missing: `cargo xtask setup` installs what it can");
        }
        Chore::Size => println!("{}", size::check()?),
    }
    Ok(ExitCode::SUCCESS)
}
