//! The toolchain of the browser's build: the default compiler with rustup's `wasm32-unknown-unknown` standard library or, if
//! rustup can't download that, Debian's compiler, which builds the standard library from source.

use crate::{paths, process};
use anyhow::{Context, Result, bail};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";
/// The environment variable that chooses the toolchain: `rustup` or `debian`.
const CHOICE: &str = "WGSLM_WASM_TOOLCHAIN";

/// The arguments with which rustup installs the standard library for wasm.
pub(crate) const RUSTUP_ARGUMENTS: [&str; 3] = ["target", "add", TARGET];
/// The packages of Debian's toolchain; clippy is for `cargo xtask test`.
pub(crate) const DEBIAN_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "lld-22"];
const DEBIAN_FILES: [&str; 5] = [
    "/usr/bin/rustc",
    "/usr/bin/cargo",
    "/usr/bin/cargo-clippy",
    "/usr/bin/wasm-ld-22",
    "/usr/lib/rustlib/src/rust/library/Cargo.lock",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WasmToolchain {
    Rustup,
    Debian,
}

impl WasmToolchain {
    /// The toolchain that `WGSLM_WASM_TOOLCHAIN` chooses, if it is set.
    pub(crate) fn requested() -> Result<Option<Self>> {
        Self::parse(env::var(CHOICE).ok().as_deref())
    }

    fn parse(choice: Option<&str>) -> Result<Option<Self>> {
        Ok(match choice {
            None | Some("") => None,
            Some("rustup") => Some(Self::Rustup),
            Some("debian") => Some(Self::Debian),
            Some(other) => bail!("{CHOICE} is {other:?}: set it to `rustup` or `debian`, or leave it unset"),
        })
    }

    /// The toolchain to build with: the chosen one, otherwise the first that is installed.
    pub(crate) fn installed() -> Result<Self> {
        let candidates = match Self::requested()? {
            Some(requested) => vec![requested],
            None => vec![Self::Rustup, Self::Debian],
        };
        let found = candidates.into_iter().find(|toolchain| toolchain.is_ready());
        found.with_context(|| format!("there is no standard library for {TARGET}: run `cargo xtask setup`"))
    }

    pub(crate) fn is_ready(self) -> bool {
        match self {
            Self::Rustup => sysroot().is_some_and(|sysroot| has_standard_library(&sysroot)),
            Self::Debian => {
                DEBIAN_FILES.iter().all(|file| Path::new(file).exists()) && debian_version() >= required_version()
            }
        }
    }

    /// A cargo command that builds or checks for the browser.
    pub(crate) fn cargo(self, subcommand: &str) -> Command {
        let mut command = match self {
            Self::Rustup => process::cargo(subcommand),
            Self::Debian => {
                let mut command = process::command("/usr/bin/cargo");
                command
                    .args([subcommand, "-Z", "build-std=std,panic_abort"])
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("PATH", path_starting_with("/usr/bin"))
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-22")
                    // Set by the cargo that runs this program, for its own compiler.
                    .env_remove("LD_LIBRARY_PATH")
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env_remove("RUSTDOC");
                command
            }
        };
        command.args(["--target", TARGET, "--target-dir"]).arg(self.target_folder());
        command
    }

    /// The folder of the built wasm.
    pub(crate) fn output_folder(self, profile: &str) -> PathBuf {
        self.target_folder().join(TARGET).join(profile)
    }

    /// The target folder, one for each toolchain, since each would rebuild the other's outputs.
    fn target_folder(self) -> PathBuf {
        match self {
            Self::Rustup => paths::target(),
            Self::Debian => paths::target().join("debian"),
        }
    }
}

/// The sysroot of the default compiler.
pub(crate) fn sysroot() -> Option<PathBuf> {
    process::output(process::command("rustc").args(["--print", "sysroot"])).map(PathBuf::from)
}

fn has_standard_library(sysroot: &Path) -> bool {
    let folder = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    let Ok(entries) = folder.read_dir() else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

fn path_starting_with(folder: &str) -> OsString {
    let mut path = OsString::from(folder);
    if let Some(rest) = env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

fn debian_version() -> Option<(u32, u32)> {
    minor_version(&process::output(process::command("/usr/bin/rustc").arg("--version").env_remove("LD_LIBRARY_PATH"))?)
}

fn required_version() -> Option<(u32, u32)> {
    minor_version(env!("CARGO_PKG_RUST_VERSION"))
}

/// Parses major and minor version from text such as `rustc 1.96.0 (...)` or `1.95`.
fn minor_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim_start_matches("rustc ").split(|letter: char| !letter.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(minor_version("rustc 1.96.0 (ac68faa20 2026-05-25)"), Some((1, 96)));
        assert_eq!(minor_version("1.95"), Some((1, 95)));
        assert_eq!(minor_version("unknown"), None);
        assert!(minor_version("1.100") > minor_version("1.95"));
        assert!(required_version().is_some());
    }

    #[test]
    fn only_the_two_toolchains_can_be_asked_for() {
        assert_eq!(WasmToolchain::parse(None).unwrap(), None);
        assert_eq!(WasmToolchain::parse(Some("rustup")).unwrap(), Some(WasmToolchain::Rustup));
        assert_eq!(WasmToolchain::parse(Some("debian")).unwrap(), Some(WasmToolchain::Debian));
        assert!(WasmToolchain::parse(Some("nix")).is_err());
    }

    #[test]
    fn an_empty_target_folder_is_no_standard_library() {
        let sysroot = tempfile::tempdir().unwrap();
        assert!(!has_standard_library(sysroot.path()));
        let folder = sysroot.path().join("lib/rustlib/wasm32-unknown-unknown/lib");
        fs::create_dir_all(&folder).unwrap();
        assert!(!has_standard_library(sysroot.path()));
        fs::write(folder.join("libstd-0123.rlib"), "").unwrap();
        assert!(has_standard_library(sysroot.path()));
    }

    #[test]
    fn debian_builds_the_standard_library_in_its_own_folder() {
        let command = WasmToolchain::Debian.cargo("build");
        assert!(command.get_args().any(|argument| argument == "build-std=std,panic_abort"));
        assert_ne!(WasmToolchain::Debian.output_folder("web"), WasmToolchain::Rustup.output_folder("web"));
    }
}
