//! The steps of a test run, with their needs and their commands.

use super::times::TestTime;
use super::{PRODUCT, XTASK, browser_tests, rust_tests, server_tests};
use crate::setup::Need;
use crate::wasm_toolchain::WasmToolchain;
use crate::{model, paths, process, size, web};
use anyhow::Result;
use clap::ValueEnum;

/// A step of `cargo xtask test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Step {
    /// Check the format with rustfmt
    Format,
    /// Run clippy with warnings as errors
    Clippy,
    /// Run clippy for the browser's target
    ClippyWasm,
    /// Run the Rust tests of the workspace on every Vulkan adapter
    Unit,
    /// Build the wasm, the package and the site
    Web,
    /// Check the size of the wasm
    Size,
    /// Check the TypeScript types
    Types,
    /// Run the server under its clients, and check the examples that deploy it
    Serve,
    /// Run the tests in Chromium, and one in Firefox
    Browser,
}

/// A group of steps that run one at a time, since they share a build folder or need the whole machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// The native checks and tests.
    Native,
    /// The browser's build and its checks.
    Web,
    /// The steps that run after all others.
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
            Step::Serve | Step::Browser => Lane::Last,
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
            Step::Types => {
                &[Need::Node, Need::NodeModules("pkg"), Need::NodeModules("www"), Need::NodeModules("tests/browser")]
            }
            Step::Serve => &[
                Need::Vulkan,
                Need::Node,
                Need::NodeModules("tests/server"),
                Need::NodeModules("tests/deploy"),
                Need::PythonPackages("tests/server"),
                Need::Deployment,
            ],
            Step::Browser => &[
                Need::Chromium,
                // Firefox brings no software adapter of its own.
                Need::Firefox,
                Need::Vulkan,
                Need::Node,
                // The tests of adapters use the packages that these are for.
                Need::NodeModules("pkg"),
                Need::NodeModules("tests/browser"),
                Need::NodeModules("examples"),
                Need::Model(&model::DEFAULT),
                Need::Model(&model::GEMMA3),
                Need::Model(&model::MINILM),
            ],
        }
    }

    /// The step whose result this step needs.
    pub(super) fn works_on(self) -> Option<Step> {
        match self {
            Step::Size | Step::Types | Step::Browser => Some(Step::Web),
            _ => None,
        }
    }

    /// Runs the step, with all slow combinations if `all`, and adds the durations of its tests to `times`.
    pub(super) fn run(self, all: bool, times: &mut Vec<TestTime>) -> Result<()> {
        match self {
            Step::Format => process::run(process::cargo("fmt").args(["--all", "--check"])),
            Step::Clippy => [XTASK, PRODUCT].into_iter().try_for_each(|packages| {
                let mut clippy = process::cargo("clippy");
                process::run(clippy.args(packages).args(["--all-targets", "--", "-D", "warnings"]))
            }),
            Step::ClippyWasm => {
                let mut clippy = WasmToolchain::installed()?.cargo("clippy");
                let packages = web::MODULES.iter().flat_map(|(package, _)| ["--package", package]);
                clippy.args(["--profile", web::PROFILE]).args(packages);
                process::run(clippy.args(["--lib", "--", "-D", "warnings"]))
            }
            Step::Unit => rust_tests::run(all, times),
            Step::Web => web::build(),
            Step::Size => {
                process::note(&size::check()?);
                Ok(())
            }
            Step::Types => types(),
            Step::Serve => server_tests::run(all, times),
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
