//! The steps of a test run: what each needs and what it runs.

use super::times::TestTime;
use super::{browser_tests, rust_tests};
use crate::setup::Need;
use crate::wasm_toolchain::WasmToolchain;
use crate::{model, paths, process, size, web};
use anyhow::Result;
use clap::ValueEnum;

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Step {
    /// rustfmt
    Format,
    /// clippy, warnings denied
    Clippy,
    /// clippy for the browser's target
    ClippyWasm,
    /// The Rust tests of the workspace, on every Vulkan adapter present
    Unit,
    /// The wasm, the package and the site
    Web,
    /// The size of the wasm
    Size,
    /// The TypeScript type check
    Types,
    /// The tests in Chromium
    Browser,
}

/// Steps of which one runs at a time, since they share a build folder or the whole machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// On this machine.
    Native,
    /// The browser's build and what checks it.
    Web,
    /// After all others.
    Last,
}

impl Step {
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(super) fn lane(self) -> Lane {
        match self {
            Step::Format | Step::Clippy | Step::Unit => Lane::Native,
            Step::ClippyWasm | Step::Web | Step::Size | Step::Types => Lane::Web,
            Step::Browser => Lane::Last,
        }
    }

    pub(super) fn needs(self) -> &'static [Need] {
        match self {
            Step::Format | Step::Clippy => &[Need::RustComponents],
            Step::ClippyWasm => &[Need::RustComponents, Need::WasmStandardLibrary],
            // SwiftShader, the second software adapter, comes with Chromium.
            Step::Unit => &[
                Need::Vulkan,
                Need::Chromium,
                Need::Model(&model::DEFAULT),
                Need::Model(&model::GEMMA3),
                Need::Model(&model::MINILM),
            ],
            Step::Web => web::NEEDS,
            Step::Size => &[],
            Step::Types => &[Need::Node, Need::NodeModules("pkg"), Need::NodeModules("tests/browser")],
            Step::Browser => &[
                Need::Chromium,
                Need::Node,
                Need::NodeModules("tests/browser"),
                Need::Model(&model::DEFAULT),
                Need::Model(&model::GEMMA3),
            ],
        }
    }

    /// The step whose result this one works on.
    pub(super) fn works_on(self) -> Option<Step> {
        match self {
            Step::Size | Step::Types | Step::Browser => Some(Step::Web),
            _ => None,
        }
    }

    /// Runs the step, with whole products under `all`, and adds the times of the tests in it to `times`.
    pub(super) fn run(self, all: bool, times: &mut Vec<TestTime>) -> Result<()> {
        match self {
            Step::Format => process::run(process::cargo("fmt").args(["--all", "--check"])),
            Step::Clippy => {
                process::run(process::cargo("clippy").args(["--workspace", "--all-targets", "--", "-D", "warnings"]))
            }
            Step::ClippyWasm => {
                let mut clippy = WasmToolchain::installed()?.cargo("clippy");
                process::run(clippy.args([
                    "--profile",
                    web::PROFILE,
                    "--package",
                    "wgslm",
                    "--lib",
                    "--",
                    "-D",
                    "warnings",
                ]))
            }
            Step::Unit => rust_tests::run(all, times),
            Step::Web => web::build(),
            Step::Size => {
                process::note(&size::check()?);
                Ok(())
            }
            Step::Types => types(),
            Step::Browser => browser_tests::run(all, times),
        }
    }
}

fn types() -> Result<()> {
    for project in ["pkg", "www", "tests/browser"] {
        if paths::root().join(project).join("tsconfig.json").is_file() {
            web::typescript(&["--project", project, "--noEmit"])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_runs_after_the_one_it_works_on() {
        let steps = Step::value_variants();
        let place = |step| steps.iter().position(|other| *other == step);
        for step in steps {
            let Some(base) = step.works_on() else { continue };
            assert!(step.lane() == Lane::Last || step.lane() == base.lane(), "{step:?} may run before {base:?}");
            assert!(place(base) < place(*step), "{step:?}");
        }
    }
}
