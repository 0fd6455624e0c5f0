//! The step of the Rust tests, which are built together and run one program at a time, to time each test.

use super::times::TestTime;
use super::{PRODUCT, XTASK, with_choices, with_runtime_folder};
use crate::{process, setup};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A test program that cargo has built.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Program {
    /// The folder of the package, which is the tests' working directory.
    folder: PathBuf,
    /// The name of the library, program or integration test.
    target: String,
    executable: PathBuf,
}

pub(super) fn run(all: bool, times: &mut Vec<TestTime>) -> Result<()> {
    let mut failed = Vec::new();
    for packages in [XTASK, PRODUCT] {
        let arguments = ["--no-run", "--message-format=json-render-diagnostics"];
        let messages = process::capture(process::cargo("test").args(packages).args(arguments))?;
        for program in programs(&String::from_utf8_lossy(&messages)) {
            if !program.run(all, times)? {
                failed.push(program.name());
            }
        }
    }
    let mut documentation = process::cargo("test");
    documentation.args(PRODUCT).args(["--doc", "--no-fail-fast"]);
    if !process::status(with_adapters(&mut documentation, all)?)?.success() {
        failed.push("documentation".to_owned());
    }
    ensure!(failed.is_empty(), "tests failed in {}", failed.join(", "));
    Ok(())
}

/// The test programs in cargo's JSON messages, in sorted order.
fn programs(messages: &str) -> Vec<Program> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut programs: Vec<Program> = messages.filter_map(|message| Program::of(&message)).collect();
    programs.sort();
    programs
}

impl Program {
    /// The test program of a cargo message; `None` for other messages.
    fn of(message: &Value) -> Option<Self> {
        let is_test = message["profile"]["test"].as_bool()?;
        is_test.then_some(Self {
            folder: Path::new(message["manifest_path"].as_str()?).parent()?.to_owned(),
            target: message["target"]["name"].as_str()?.to_owned(),
            executable: message["executable"].as_str()?.into(),
        })
    }

    /// The program's name in output, such as `gpu/kernels`.
    fn name(&self) -> String {
        format!("{}/{}", self.folder.file_name().unwrap_or_default().to_string_lossy(), self.target)
    }

    /// Runs the tests; true if all passed.
    fn run(&self, all: bool, times: &mut Vec<TestTime>) -> Result<bool> {
        println!("\n{}", self.name());
        let mut command = Command::new(&self.executable);
        // The test harness of a stable compiler reports times only with RUSTC_BOOTSTRAP.
        command.args(["-Zunstable-options", "--report-time"]).env("RUSTC_BOOTSTRAP", "1");
        command.current_dir(&self.folder).stdout(Stdio::piped());
        let child = with_adapters(&mut command, all)?.spawn();
        let mut child = child.with_context(|| format!("could not start {}", self.executable.display()))?;
        let output = child.stdout.take().context("the tests' output is not piped")?;
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            times.extend(time_in(&line).map(|(test, time)| TestTime { name: format!("{} {test}", self.name()), time }));
        }
        Ok(child.wait()?.success())
    }
}

/// Parses the name and the duration of a test in a line such as `test words::are_split ... ok <0.012s>`.
fn time_in(line: &str) -> Option<(&str, Duration)> {
    let (test, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let seconds = result.rsplit_once('<')?.1.strip_suffix("s>")?;
    Some((test, Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?))
}

/// Sets a test command's environment so that it finds every adapter, SwiftShader included.
fn with_adapters(command: &mut Command, all: bool) -> Result<&mut Command> {
    with_runtime_folder(command);
    if let Some(manifest) = setup::vulkan_driver_beside_chromium() {
        command.env("VK_ADD_DRIVER_FILES", appended(env::var_os("VK_ADD_DRIVER_FILES").as_ref(), manifest));
    }
    with_choices(command, all)
}

/// Appends a path to a list of paths such as PATH.
fn appended(list: Option<&OsString>, path: &Path) -> OsString {
    let paths: Vec<PathBuf> = list.into_iter().flat_map(env::split_paths).chain([path.to_owned()]).collect();
    env::join_paths(paths).unwrap_or_else(|_| path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_software_adapter_is_added_to_those_asked_for() {
        let manifest = Path::new("swiftshader.json");
        assert_eq!(appended(None, manifest), "swiftshader.json");
        let list = env::join_paths(["other.json", "swiftshader.json"]).unwrap();
        assert_eq!(appended(Some(&"other.json".into()), manifest), list);
    }

    #[test]
    fn programs_of_tests_are_found_among_what_cargo_builds() {
        let message = |folder: &str, target: &str, test: bool, executable: Option<&str>| {
            let manifest = format!("/wgslm/crates/{folder}/Cargo.toml");
            serde_json::json!({ "reason": "compiler-artifact", "manifest_path": manifest, "target": { "name": target },
                "profile": { "test": test }, "executable": executable })
            .to_string()
        };
        let messages = [
            message("runtime", "model", true, Some("/target/model-2")),
            message("runtime", "wgslm", false, None),
            message("cli", "wgslm", false, Some("/target/wgslm")),
            "not from cargo".to_owned(),
            message("runtime", "kernels", true, Some("/target/kernels-1")),
            message("cli", "wgslm", true, Some("/target/wgslm-3")),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let found: Vec<_> = programs(&messages.join("\n")).iter().map(Program::name).collect();
        assert_eq!(found, ["cli/wgslm", "runtime/kernels", "runtime/model"]);
    }

    #[test]
    fn the_time_of_a_test_is_read_from_its_line() {
        let time = |line| time_in(line).map(|(test, time)| (test, time.as_millis()));
        assert_eq!(time("test words::are_split ... ok <1.012s>"), Some(("words::are_split", 1012)));
        assert_eq!(time("test slow - should panic ... FAILED <2.500s>"), Some(("slow - should panic", 2500)));
        for other in ["test later ... ignored, needs a network", "test result: ok. 3 passed", "running 3 tests", ""] {
            assert_eq!(time(other), None, "{other}");
        }
    }
}
