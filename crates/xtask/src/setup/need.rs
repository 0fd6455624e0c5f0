//! The needs of chores, and the checks for each, which change nothing.

use crate::model::{self, Model};
use crate::wasm_toolchain::{self, WasmToolchain};
use crate::{paths, process};
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

/// A program, library or file that a chore needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// rustfmt and clippy.
    RustComponents,
    /// The standard library for the browser's target.
    WasmStandardLibrary,
    /// Node.js and npm.
    Node,
    /// The Node.js modules that the lock file of a folder of the repository names.
    NodeModules(&'static str),
    /// The Python packages that the file `requirements.txt` of a folder of the repository names, in an environment of their own.
    PythonPackages(&'static str),
    /// The programs that read the manifests and the unit in the examples: kubectl and systemd-analyze.
    Deployment,
    /// A Vulkan loader and at least one driver, which may be a software adapter's.
    Vulkan,
    /// The browser of nearly all tests.
    Chromium,
    /// Another browser, which has to agree with it.
    Firefox,
    /// A model in the cache.
    Model(&'static Model),
}

/// The state of a need on this machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The need is met, by what the text describes.
    Ready(String),
    /// The need isn't met.
    Missing(Remedy),
}

/// The way to meet a need.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Install these Debian packages.
    Apt(&'static [&'static str]),
    /// Run rustup with these arguments.
    Rustup(&'static [&'static str]),
    /// Run rustup with these arguments, or install these Debian packages if it fails.
    RustupOrApt(&'static [&'static str], &'static [&'static str]),
    /// Run `npm ci` in this folder of the repository.
    NodeModules(&'static str),
    /// Make an environment of the Python packages that a folder of the repository names.
    PythonPackages {
        /// The folder with `requirements.txt`.
        folder: &'static str,
        /// Debian packages to install first.
        before: &'static [&'static str],
    },
    /// Download a model with pip, which may first have to be installed from Debian packages.
    Model {
        /// The model to download.
        model: &'static Model,
        /// Debian packages to install first.
        before: &'static [&'static str],
    },
    /// Advice to the user, if no command can be run.
    ByHand(&'static str),
}

const NODE_BY_HAND: &str = "install Node.js 20 or newer with npm, e.g. `apt-get install nodejs npm` (Debian 13), `brew install node` or `nvm install 20`";
const OLDEST_NODE: u32 = 20;
const CHROMIUM_BY_HAND: &str = "install Chromium or Chrome, and set WGSLM_CHROMIUM to its program if it isn't found";
const FIREFOX_BY_HAND: &str = "install Firefox, and set WGSLM_FIREFOX to its program if it isn't found";
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC_BROWSER: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const FIREFOXES: [&str; 2] = ["firefox-esr", "firefox"];
const MAC_FIREFOX: &str = "/Applications/Firefox.app/Contents/MacOS/firefox";
const SWIFTSHADER_MANIFEST: &str = "/usr/lib/chromium/vk_swiftshader_icd.json";

impl Need {
    /// The needs of all chores.
    pub(crate) const ALL: &[Need] = &[
        Need::RustComponents,
        Need::WasmStandardLibrary,
        Need::Vulkan,
        Need::Chromium,
        Need::Firefox,
        Need::Node,
        Need::NodeModules("pkg"),
        Need::NodeModules("www"),
        Need::NodeModules("tests/browser"),
        Need::NodeModules("examples"),
        Need::NodeModules("tests/server"),
        Need::NodeModules("tests/deploy"),
        Need::PythonPackages("tests/server"),
        Need::Deployment,
        Need::Model(&model::DEFAULT),
        Need::Model(&model::GEMMA3),
        Need::Model(&model::MINILM),
    ];

    /// Checks whether the need is met.
    pub(crate) fn look(self) -> Status {
        match self {
            Need::RustComponents => rust_components(),
            Need::WasmStandardLibrary => wasm_standard_library(),
            Need::Node => node(),
            Need::NodeModules(folder) => node_modules(paths::root(), folder),
            Need::PythonPackages(folder) => python_packages(folder),
            Need::Deployment => deployment(),
            Need::Vulkan => vulkan(),
            Need::Chromium => browser(chromium(), &["chromium"], CHROMIUM_BY_HAND),
            Need::Firefox => browser(firefox(), &["firefox-esr"], FIREFOX_BY_HAND),
            Need::Model(model) => cached_model(model),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Need::RustComponents => f.write_str("rustfmt and clippy"),
            Need::WasmStandardLibrary => f.write_str("standard library for wasm32-unknown-unknown"),
            Need::Node => f.write_str("Node.js and npm"),
            Need::NodeModules(folder) => write!(f, "Node.js modules of {folder}"),
            Need::PythonPackages(folder) => write!(f, "Python packages of {folder}"),
            Need::Deployment => f.write_str("kubectl and systemd-analyze"),
            Need::Vulkan => f.write_str("Vulkan driver"),
            Need::Chromium => f.write_str("Chromium"),
            Need::Firefox => f.write_str("Firefox"),
            Need::Model(model) => f.write_str(model.name),
        }
    }
}

/// The browser of nearly all tests: that of `WGSLM_CHROMIUM`, otherwise the first one found.
pub(crate) fn chromium() -> Option<PathBuf> {
    program("WGSLM_CHROMIUM", &BROWSERS, MAC_BROWSER)
}

/// The other browser of the tests: that of `WGSLM_FIREFOX`, otherwise the first one found.
pub(crate) fn firefox() -> Option<PathBuf> {
    program("WGSLM_FIREFOX", &FIREFOXES, MAC_FIREFOX)
}

/// The program that a variable names, otherwise the first one found by these names, or on a Mac at this path.
fn program(variable: &str, names: &[&str], on_mac: &str) -> Option<PathBuf> {
    if let Some(chosen) = env::var_os(variable).filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(chosen)).filter(|path| path.is_file());
    }
    let mac = Some(PathBuf::from(on_mac)).filter(|path| path.is_file());
    names.iter().find_map(|name| process::find(name)).or(mac)
}

/// The Vulkan driver manifest of SwiftShader in Debian's Chromium.
pub(crate) fn vulkan_driver_beside_chromium() -> Option<&'static Path> {
    Some(Path::new(SWIFTSHADER_MANIFEST)).filter(|path| path.is_file())
}

/// The Debian packages if this machine has apt-get, otherwise the advice.
fn apt_or(packages: &'static [&'static str], by_hand: &'static str) -> Remedy {
    if process::find("apt-get").is_some() { Remedy::Apt(packages) } else { Remedy::ByHand(by_hand) }
}

fn browser(found: Option<PathBuf>, packages: &'static [&'static str], by_hand: &'static str) -> Status {
    match found {
        Some(path) => Status::Ready(path.display().to_string()),
        None => Status::Missing(apt_or(packages, by_hand)),
    }
}

fn rust_components() -> Status {
    let Some(sysroot) = wasm_toolchain::sysroot() else {
        return Status::Missing(Remedy::ByHand("install Rust with rustup; `rustc` doesn't start"));
    };
    let programs = ["rustfmt", "cargo-clippy"].map(|name| format!("{name}{}", env::consts::EXE_SUFFIX));
    if programs.iter().all(|program| sysroot.join("bin").join(program).is_file()) {
        Status::Ready(sysroot.join("bin").display().to_string())
    } else if process::find("rustup").is_some() {
        Status::Missing(Remedy::Rustup(&["component", "add", "rustfmt", "clippy"]))
    } else {
        Status::Missing(Remedy::ByHand("install rustfmt and clippy the way this Rust was installed"))
    }
}

fn wasm_standard_library() -> Status {
    let requested = match WasmToolchain::requested() {
        Ok(requested) => requested,
        Err(_) => {
            return Status::Missing(Remedy::ByHand("set WGSLM_WASM_TOOLCHAIN to `rustup` or `debian`, or unset it"));
        }
    };
    let ready = |toolchain: WasmToolchain| requested.is_none_or(|choice| choice == toolchain) && toolchain.is_ready();
    if ready(WasmToolchain::Rustup) {
        return Status::Ready("beside the default compiler".into());
    }
    if ready(WasmToolchain::Debian) {
        return Status::Ready("built from source by Debian's compiler".into());
    }
    let rustup = requested != Some(WasmToolchain::Debian) && process::find("rustup").is_some();
    let debian = requested != Some(WasmToolchain::Rustup) && process::find("apt-get").is_some();
    Status::Missing(match (rustup, debian) {
        (true, true) => Remedy::RustupOrApt(&wasm_toolchain::RUSTUP_ARGUMENTS, wasm_toolchain::DEBIAN_PACKAGES),
        (true, false) => Remedy::Rustup(&wasm_toolchain::RUSTUP_ARGUMENTS),
        (false, true) => Remedy::Apt(wasm_toolchain::DEBIAN_PACKAGES),
        (false, false) => Remedy::ByHand("install rustup, then `rustup target add wasm32-unknown-unknown`"),
    })
}

fn node() -> Status {
    let version = process::output(process::command("node").arg("--version"));
    match version {
        Some(version) if node_is_new_enough(&version) && npm().is_some() => Status::Ready(version),
        _ => Status::Missing(Remedy::ByHand(NODE_BY_HAND)),
    }
}

fn node_is_new_enough(version: &str) -> bool {
    let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
    major.parse::<u32>().is_ok_and(|major| major >= OLDEST_NODE)
}

/// The npm program.
pub(super) fn npm() -> Option<PathBuf> {
    process::find("npm").or_else(|| process::find_file("npm.cmd"))
}

/// Met if npm's record of the installed modules isn't older than the lock file.
fn node_modules(root: &Path, folder: &'static str) -> Status {
    let changed = |path: &str| root.join(folder).join(path).metadata().and_then(|file| file.modified());
    match (changed("package-lock.json"), changed("node_modules/.package-lock.json")) {
        (Ok(lock), Ok(installed)) if installed >= lock => Status::Ready("as the lock file says".into()),
        _ => Status::Missing(Remedy::NodeModules(folder)),
    }
}

/// The folder of the environment of a folder's Python packages.
pub(crate) fn python_environment(folder: &str) -> PathBuf {
    paths::target().join("python").join(folder)
}

/// Met if the environment was made for the list as it is.
fn python_packages(folder: &'static str) -> Status {
    let read = |folder: &Path| std::fs::read_to_string(folder.join("requirements.txt"));
    let environment = python_environment(folder);
    if read(&environment).is_ok_and(|made| read(&paths::root().join(folder)).is_ok_and(|list| list == made)) {
        return Status::Ready(environment.display().to_string());
    }
    let can_make = python().is_some_and(|python| {
        process::output(process::command(python).args(["-c", "import ensurepip, venv"])).is_some()
    });
    Status::Missing(match (can_make, process::find("apt-get").is_some()) {
        (true, _) => Remedy::PythonPackages { folder, before: &[] },
        (false, true) => Remedy::PythonPackages { folder, before: &["python3", "python3-venv"] },
        (false, false) => Remedy::ByHand("install Python 3.10 or newer with venv"),
    })
}

fn deployment() -> Status {
    let found: Vec<_> = ["kubectl", "systemd-analyze"].into_iter().filter_map(process::find).collect();
    match &found[..] {
        [kubectl, analyze] => Status::Ready(format!("{}, {}", kubectl.display(), analyze.display())),
        _ => Status::Missing(apt_or(&["kubernetes-client", "systemd"], "install kubectl and, on Linux, systemd")),
    }
}

fn vulkan() -> Status {
    if !cfg!(target_os = "linux") {
        return Status::Ready("not needed: this system has its own GPU interface".into());
    }
    if !loader_folders().iter().any(|folder| folder.join("libvulkan.so.1").exists()) {
        return Status::Missing(apt_or(
            &["libvulkan1", "mesa-vulkan-drivers"],
            "install the Vulkan loader and a driver",
        ));
    }
    match vulkan_drivers(&manifest_folders()) {
        drivers if drivers.is_empty() => {
            Status::Missing(apt_or(&["mesa-vulkan-drivers"], "install a Vulkan driver, e.g. Mesa's lavapipe"))
        }
        drivers => Status::Ready(drivers.join(", ")),
    }
}

fn loader_folders() -> Vec<PathBuf> {
    let system = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
    let paths = env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let known = [system.as_str(), "/usr/lib64", "/usr/lib", "/usr/local/lib"].map(PathBuf::from);
    known.into_iter().chain(env::split_paths(&paths)).collect()
}

/// The folders of Vulkan driver manifests on Linux, as in the Vulkan loader's LoaderDriverInterface document.
fn manifest_folders() -> Vec<PathBuf> {
    let home = env::home_dir().map(|home| home.join(".local/share/vulkan/icd.d"));
    let known = ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"].map(PathBuf::from);
    home.into_iter().chain(known).collect()
}

/// The names of the driver manifests in these folders, sorted.
fn vulkan_drivers(folders: &[PathBuf]) -> Vec<String> {
    let files = folders.iter().filter_map(|folder| folder.read_dir().ok()).flatten().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let mut drivers: Vec<String> = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    drivers.sort();
    drivers
}

fn cached_model(model: &'static Model) -> Status {
    if model.is_cached() {
        let path = model.path().map(|path| path.display().to_string());
        return Status::Ready(path.unwrap_or_default());
    }
    let pip = python()
        .is_some_and(|python| process::output(process::command(python).args(["-m", "pip", "--version"])).is_some());
    Status::Missing(match (pip, process::find("apt-get").is_some()) {
        (true, _) => Remedy::Model { model, before: &[] },
        (false, true) => Remedy::Model { model, before: &["python3", "python3-pip"] },
        (false, false) => Remedy::ByHand("install Python 3 with pip, which downloads the model"),
    })
}

/// The Python interpreter.
pub(super) fn python() -> Option<PathBuf> {
    ["python3", "python"].into_iter().find_map(process::find)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::{Duration, SystemTime};

    #[test]
    fn an_old_node_is_not_enough() {
        for (version, enough) in [("v18.19.0", false), ("v20.0.0", true), ("v22.1.0", true), ("", false)] {
            assert_eq!(node_is_new_enough(version), enough, "{version}");
        }
    }

    #[test]
    fn node_modules_are_installed_again_when_the_lock_file_changes() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("pkg");
        let missing = Status::Missing(Remedy::NodeModules("pkg"));
        fs::create_dir_all(folder.join("node_modules")).unwrap();
        fs::write(folder.join("package-lock.json"), "{}").unwrap();
        assert_eq!(node_modules(root.path(), "pkg"), missing, "nothing installed");
        fs::write(folder.join("node_modules/.package-lock.json"), "{}").unwrap();
        assert!(matches!(node_modules(root.path(), "pkg"), Status::Ready(_)));
        let later = SystemTime::now() + Duration::from_secs(60);
        fs::File::open(folder.join("package-lock.json")).unwrap().set_modified(later).unwrap();
        assert_eq!(node_modules(root.path(), "pkg"), missing, "older than the lock file");
    }

    #[test]
    fn vulkan_drivers_are_the_manifests_of_all_folders() {
        let root = tempfile::tempdir().unwrap();
        let [system, user, absent] = ["system", "user", "absent"].map(|name| root.path().join(name));
        for (folder, file) in [(&system, "lvp_icd.x86_64.json"), (&user, "a_gpu.json"), (&user, "README")] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(file), "{}").unwrap();
        }
        assert_eq!(vulkan_drivers(&[system, user, absent.clone()]), ["a_gpu", "lvp_icd.x86_64"]);
        assert!(vulkan_drivers(&[absent]).is_empty());
    }
}
