//! Builds for the browser: the WebAssembly modules, their JavaScript bindings, the npm package in `pkg/dist` and the site in
//! `target/site`.

use crate::setup::Need;
use crate::wasm_toolchain::WasmToolchain;
use crate::{paths, process};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;

/// The needs of the build.
pub(crate) const NEEDS: &[Need] =
    &[Need::WasmStandardLibrary, Need::Node, Need::NodeModules("pkg"), Need::NodeModules("www")];

/// The cargo profile of the browser build.
pub(crate) const PROFILE: &str = "web";

/// The crates that become a WebAssembly module each, with the names of their modules: a page loads those of tokenizers and grammars only
/// if it uses them.
pub(crate) const MODULES: [(&str, &str); 3] =
    [("wgslm", "wgslm"), ("wgslm-tokenizers", "wgslm_tokenizers"), ("wgslm-grammar", "wgslm_grammar")];

/// The folder of the bindings and the built modules.
fn wasm_folder() -> PathBuf {
    paths::root().join("pkg/dist/wasm")
}

/// The built module of this name.
pub(crate) fn wasm_file(module: &str) -> PathBuf {
    wasm_folder().join(format!("{module}_bg.wasm"))
}

/// Builds the modules, the package and the site.
pub(crate) fn build() -> Result<()> {
    let toolchain = WasmToolchain::installed()?;
    // One build for all would unite the features of what they share, and make each larger.
    for (package, _) in MODULES {
        process::prepare(toolchain.cargo("build").args(["--profile", PROFILE, "--package", package, "--lib"]))?;
    }
    // Outputs of an earlier build would end up in the package.
    remove(&paths::root().join("pkg/dist"))?;
    for (_, module) in MODULES {
        bind(&toolchain.output_folder(PROFILE), module)?;
    }
    typescript(&["--project", "pkg"])?;
    assemble_site()
}

/// Writes a module of the output folder and its JavaScript bindings into the package.
fn bind(folder: &Path, module: &str) -> Result<()> {
    let wasm = folder.join(format!("{module}.wasm"));
    let lock = paths::root().join("Cargo.lock");
    check_versions(&fs::read_to_string(&lock).with_context(|| format!("could not read {}", lock.display()))?)?;
    process::note(&format!("Writing the bindings of {}", wasm.display()));
    Bindgen::new()
        .input_path(wasm)
        .out_name(module)
        .web(true)?
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(wasm_folder())
        .context("wasm-bindgen failed")
}

/// Checks that the generator of bindings has the version of the `wasm-bindgen` crate, since it reads no other.
fn check_versions(lock: &str) -> Result<()> {
    let (library, generator) = ("wasm-bindgen", "wasm-bindgen-cli-support");
    let version = |package| locked_version(lock, package).with_context(|| format!("Cargo.lock has no {package}"));
    let (locked, ours) = (version(library)?, version(generator)?);
    ensure!(
        locked == ours,
        "Cargo.lock has {library} {locked} but {generator} {ours}: write `{generator} = \"={locked}\"` in \
         crates/xtask/Cargo.toml and run `cargo update --package {generator}`"
    );
    Ok(())
}

/// The version of a package in a Cargo.lock.
fn locked_version<'lock>(lock: &'lock str, package: &str) -> Option<&'lock str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

/// Runs the TypeScript compiler that the package's lock file names.
pub(crate) fn typescript(arguments: &[&str]) -> Result<()> {
    process::prepare(process::command("node").arg("pkg/node_modules/typescript/bin/tsc").args(arguments))
}

/// Builds the site's pages, with example and package beside them, as a web server needs them.
fn assemble_site() -> Result<()> {
    for project in ["www", "www/src/offline"] {
        typescript(&["--project", project])?;
    }
    process::prepare(process::command("node").args([
        "www/node_modules/vite/bin/vite.js",
        "build",
        "www",
        "--logLevel",
        "warn",
    ]))?;
    let site = paths::site();
    copy(&paths::root().join("examples/browser"), &site.join("example"), &|path| !is_source(path))?;
    copy(&paths::root().join("pkg/dist"), &site.join("wgslm"), &|_| true)
}

/// True for files that only the compiler or readers of the repository need, which aren't served.
fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".ts") || name.ends_with(".md") || name == "tsconfig.json" || name == "node_modules"
}

/// Copies the files of a folder and its subfolders for which `wanted` returns true.
fn copy(from: &Path, to: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("could not create {}", to.display()))?;
    for entry in from.read_dir().with_context(|| format!("could not read {}", from.display()))? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if !wanted(&path) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &target, wanted)?;
        } else {
            fs::copy(&path, &target).with_context(|| format!("could not copy {}", path.display()))?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "\
[[package]]
name = \"wasm-bindgen\"
version = \"0.2.1\"
source = \"registry\"

[[package]]
name = \"wasm-bindgen-cli-support\"
version = \"0.2.1\"
";

    #[test]
    fn equal_versions_of_wasm_bindgen_are_accepted() {
        check_versions(LOCK).unwrap();
    }

    #[test]
    fn other_versions_of_wasm_bindgen_are_refused_with_the_way_out() {
        let other = LOCK.replacen("0.2.1", "0.2.2", 1);
        let error = check_versions(&other).unwrap_err().to_string();
        assert!(error.contains("`wasm-bindgen-cli-support = \"=0.2.2\"`"), "{error}");
        assert!(check_versions("").is_err());
    }

    #[test]
    fn the_site_gets_the_example_without_its_sources() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["example", "site"].map(|name| folder.path().join(name));
        for path in ["index.html", "main.ts", "tsconfig.json", "style/page.css", "node_modules/a.js"] {
            let path = from.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        copy(&from, &to, &|path| !is_source(path)).unwrap();
        assert!(to.join("index.html").is_file());
        assert!(to.join("style/page.css").is_file());
        for source in ["main.ts", "tsconfig.json", "node_modules"] {
            assert!(!to.join(source).exists(), "{source}");
        }
    }

    #[test]
    fn removing_what_is_not_there_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        remove(&folder.path().join("absent")).unwrap();
    }
}
