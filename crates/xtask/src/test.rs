//! Every check, each timed; one that fails doesn't keep the independent ones from running.

use crate::serve::{Folders, Server};
use crate::setup::{self, Need};
use crate::wasm_toolchain::WasmToolchain;
use crate::{demo, model, paths, process, size, web};
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only these, with the set-up they need
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    only: Vec<Step>,
}

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// rustfmt
    Format,
    /// clippy, warnings denied
    Clippy,
    /// clippy for the browser's target
    ClippyWasm,
    /// `cargo test` of the workspace, on every Vulkan adapter present
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

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn needs(self) -> &'static [Need] {
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
    fn works_on(self) -> Option<Step> {
        match self {
            Step::Size | Step::Types | Step::Browser => Some(Step::Web),
            _ => None,
        }
    }

    fn run(self) -> Result<()> {
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
            Step::Unit => unit_tests(),
            Step::Web => web::build(),
            Step::Size => size::check(),
            Step::Types => types(),
            Step::Browser => browser_tests(),
        }
    }
}

/// How a step went, and how long it took.
struct Outcome {
    name: String,
    result: Result<()>,
    time: Duration,
}

impl Outcome {
    fn of(name: &str, check: impl FnOnce() -> Result<()>) -> Self {
        println!("\n== {name}");
        let start = Instant::now();
        let result = check();
        if let Err(error) = &result {
            println!("== {name} failed: {error:#}");
        }
        Self { name: name.to_owned(), result, time: start.elapsed() }
    }
}

pub(crate) fn run(options: &Options) -> ExitCode {
    let steps = if options.only.is_empty() { Step::value_variants() } else { &options.only };
    let needs: Vec<Need> = steps.iter().flat_map(|step| step.needs()).copied().collect();
    // A step whose set-up failed says so itself.
    let mut outcomes = vec![Outcome::of("setup", || setup::ensure(&needs))];
    for step in steps {
        let unbuilt = step.works_on().map(Step::name).filter(|base| failed(&outcomes, base));
        outcomes.push(Outcome::of(&step.name(), || match unbuilt {
            Some(base) => Err(anyhow::anyhow!("not run, because {base} failed")),
            None => step.run(),
        }));
    }
    print!("{}", summary(&outcomes));
    if outcomes.iter().all(|outcome| outcome.result.is_ok()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn failed(outcomes: &[Outcome], name: &str) -> bool {
    outcomes.iter().any(|outcome| outcome.name == name && outcome.result.is_err())
}

/// A line for each step; the last line alone counts them.
fn summary(outcomes: &[Outcome]) -> String {
    let mut text = String::from("\n");
    for Outcome { name, result, time } in outcomes {
        let word = if result.is_ok() { "passed" } else { "FAILED" };
        let _ = writeln!(text, "{name:12} {word} {:8.1} s", time.as_secs_f64());
    }
    let passed = outcomes.iter().filter(|outcome| outcome.result.is_ok()).count();
    let _ = writeln!(text, "{passed} passed, {} failed", outcomes.len() - passed);
    text
}

/// Tells a test where the real models lie, if they do.
fn with_models(command: &mut Command) -> Result<&mut Command> {
    for model in model::ALL {
        let path = model.path()?;
        if path.exists() {
            command.env(model.variable, path);
        }
    }
    Ok(command)
}

fn unit_tests() -> Result<()> {
    let mut test = process::cargo("test");
    with_models(test.args(["--workspace", "--no-fail-fast"]))?;
    if env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Without a folder there, Vulkan's window system library complains at every instance.
        test.env("XDG_RUNTIME_DIR", paths::target());
    }
    if let Some(manifest) = setup::vulkan_driver_beside_chromium() {
        test.env("VK_ADD_DRIVER_FILES", appended(env::var_os("VK_ADD_DRIVER_FILES").as_ref(), manifest));
    }
    process::run(&mut test)
}

/// A path at the end of a list of paths.
fn appended(list: Option<&OsString>, path: &Path) -> OsString {
    let paths: Vec<PathBuf> = list.into_iter().flat_map(env::split_paths).chain([path.to_owned()]).collect();
    env::join_paths(paths).unwrap_or_else(|_| path.into())
}

fn types() -> Result<()> {
    for project in ["pkg", "www", "tests/browser"] {
        if paths::root().join(project).join("tsconfig.json").is_file() {
            web::typescript(&["--project", project, "--noEmit"])?;
        }
    }
    Ok(())
}

/// Every kernel variant is compiled in the browser from this list.
fn write_shader_list() -> Result<()> {
    // The whole workspace decides which features are on, so this is what `cargo test` built.
    process::run(process::cargo("build").args(["--workspace", "--example", "dump"]))?;
    let program = format!("debug/examples/dump{}", env::consts::EXE_SUFFIX);
    let list = process::capture(&mut process::command(paths::target().join(program)))?;
    fs::write(paths::site().join("shaders.json"), list).context("the site is not built: run `cargo xtask build-web`")
}

fn browser_tests() -> Result<()> {
    write_shader_list()?;
    let files = test_files(&paths::root().join("tests/browser"))?;
    let server = Server::start(&Folders::of_the_project()?, 0)?;
    let mut node = demo::in_browser("node");
    // One file at a time: each has a browser that draws on the CPU.
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(files);
    process::run(with_models(node.env("WGSLM_SITE_URL", server.url()))?)
}

/// The test files of a folder, sorted.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = folder.read_dir().with_context(|| format!("could not read {}", folder.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    files.sort();
    ensure!(!files.is_empty(), "{} has no *.test.mjs", folder.display());
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, passed: bool) -> Outcome {
        let result = if passed { Ok(()) } else { Err(anyhow::anyhow!("wrong")) };
        Outcome { name: name.to_owned(), result, time: Duration::from_millis(1500) }
    }

    #[test]
    fn the_last_line_alone_counts_the_steps() {
        let text = summary(&[outcome("setup", true), outcome("format", true), outcome("web", false)]);
        assert!(text.contains("web          FAILED      1.5 s"), "{text}");
        assert_eq!(text.lines().last(), Some("2 passed, 1 failed"));
    }

    #[test]
    fn a_step_is_not_run_on_what_was_not_built() {
        let outcomes = [outcome("format", false), outcome("web", true)];
        assert!(!failed(&outcomes, "web"));
        assert!(failed(&[outcome("web", false)], &Step::Web.name()));
        assert_eq!(Step::Browser.works_on(), Some(Step::Web));
        assert_eq!(Step::Unit.works_on(), None);
    }

    #[test]
    fn a_step_runs_after_the_one_it_works_on() {
        let steps = Step::value_variants();
        let place = |step| steps.iter().position(|other| *other == step);
        for step in steps {
            assert!(step.works_on().is_none_or(|base| place(base) < place(*step)), "{step:?}");
        }
    }

    #[test]
    fn the_second_software_adapter_is_added_to_those_asked_for() {
        let manifest = Path::new("swiftshader.json");
        assert_eq!(appended(None, manifest), "swiftshader.json");
        let list = env::join_paths(["other.json", "swiftshader.json"]).unwrap();
        assert_eq!(appended(Some(&"other.json".into()), manifest), list);
    }

    #[test]
    fn a_folder_without_tests_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(test_files(folder.path()).is_err());
        for name in ["page.test.mjs", "ask.mjs", "load.test.mjs"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names: Vec<_> = test_files(folder.path()).unwrap();
        assert_eq!(names, ["load.test.mjs", "page.test.mjs"].map(|name| folder.path().join(name)));
    }
}
