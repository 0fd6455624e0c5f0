//! Runs the `wgslm` program for tests.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use wgslm_testing::{golden, skipped};

/// The environment variables that the program reads; tests unset those that they don't set.
const VARIABLES: [&str; 9] = [
    "WGSLM_DEVICE",
    "WGSLM_ACTIVATIONS",
    "WGSLM_QUANTIZE",
    "WGSLM_CAPABILITIES",
    "WGSLM_MAX_BINDING",
    "WGSLM_WEIGHT_ROWS",
    "WGSLM_REPACKING",
    "WGSLM_TILE",
    "WGSLM_LOG",
];

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The standard output of a successful run; checks that stderr is empty, without progress bars.
    pub(crate) fn succeeded(self) -> String {
        assert_eq!((self.status, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self.stdout
    }

    /// The single JSON object that a successful run printed.
    pub(crate) fn json(self) -> Value {
        let stdout = self.succeeded();
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error} in {stdout}"))
    }

    /// Checks that the run failed with `status`, with `message` on stderr and an empty standard output.
    pub(crate) fn failed(self, status: i32, message: &str) {
        assert_eq!((self.status, self.stdout.as_str()), (Some(status), ""), "{message}: {self:?}");
        assert!(self.stderr.contains(message), "{message:?} is missing in {:?}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
        Self { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A command that runs the program with `arguments` on [`usual_device`].
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = bare_command(arguments);
    command.envs(found_devices().iter().min_by_key(is_slow).map(|name| ("WGSLM_DEVICE", name)));
    command
}

/// True for SwiftShader: other drivers keep compiled kernels between two runs, so that a run takes a tenth of the time.
fn is_slow(name: &&String) -> bool {
    name.contains("SwiftShader")
}

fn bare_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wgslm"));
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn wgslm(arguments: &[&str]) -> Run {
    wgslm_with(&[], arguments)
}

/// Runs the program with environment variables.
pub(crate) fn wgslm_with(environment: &[(&str, &str)], arguments: &[&str]) -> Run {
    command(arguments).envs(environment.iter().copied()).output().expect("the program starts").into()
}

/// Runs `wgslm generate` on the tiny model with the prompt 1,2.
pub(crate) fn generate(arguments: &[&str]) -> Run {
    wgslm(&[&["generate", "--model", &tiny_model(), "--tokens", "1,2"], arguments].concat())
}

/// The path of a llama with 2 layers and 320 tokens: 256 bytes, BOS, EOS (257) and 62 control tokens.
pub(crate) fn tiny_model() -> String {
    text_of(golden("arch/tiny-llama-q8_0.gguf"))
}

pub(crate) fn text_of(path: PathBuf) -> String {
    path.into_os_string().into_string().expect("paths of tests are text")
}

/// The JSON values of an output's lines.
pub(crate) fn json_lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// The path of a temporary file for a test.
pub(crate) fn temporary(name: &str) -> String {
    text_of(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name))
}

/// Writes `bytes` to a temporary file and returns its path.
pub(crate) fn file_of(name: &str, bytes: &[u8]) -> String {
    let path = temporary(name);
    std::fs::write(&path, bytes).expect("the folder for temporary files is writable");
    path
}

/// The names of this machine's devices; without a Vulkan driver none, which is reported as a skipped test.
pub(crate) fn device_names() -> &'static [String] {
    let names = found_devices();
    if names.is_empty() {
        skipped("there is no Vulkan adapter; `cargo xtask setup` installs one");
    }
    names
}

/// The device on which commands run if they ask for no other; `None` as [`device_names`].
pub(crate) fn usual_device() -> Option<&'static String> {
    device_names().iter().min_by_key(is_slow)
}

fn found_devices() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let run = Run::from(bare_command(&["devices", "--json"]).output().expect("the program starts"));
        if run.status == Some(1) && run.stderr.contains("no GPU was found") {
            return Vec::new();
        }
        let devices = run.json()["devices"].as_array().expect("a list of devices").clone();
        devices.iter().map(|device| device["name"].as_str().expect("a name").to_owned()).collect()
    })
}

/// True if this machine has a device.
pub(crate) fn has_device() -> bool {
    !device_names().is_empty()
}
