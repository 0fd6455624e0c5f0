//! Expands every variant, validates it with naga, and writes down its bindings: a shader error fails the build.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use naga::valid::{Capabilities, ValidationFlags, Validator};

#[allow(dead_code, unreachable_pub)]
#[path = "src/catalogue.rs"]
mod catalogue;
#[allow(dead_code, unreachable_pub)]
#[path = "src/expand.rs"]
mod expand;
#[allow(dead_code, unreachable_pub)]
#[path = "src/format.rs"]
mod format;
#[allow(dead_code, unreachable_pub)]
#[path = "src/kernel.rs"]
mod kernel;
#[allow(dead_code, unreachable_pub)]
#[path = "src/tile.rs"]
mod tile;
#[allow(dead_code, unreachable_pub)]
#[path = "src/variant.rs"]
mod variant;

fn main() {
    println!("cargo::rerun-if-changed=src");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut files = BTreeMap::new();
    read_folder(&root.join("src"), &mut files);

    let variants = variant::Variant::all();
    check_conditions(&files, &variants);
    let mut generated = String::from("static FILES: &[(&str, &str)] = &[\n");
    for (name, (path, _)) in &files {
        writeln!(generated, "    ({name:?}, include_str!({path:?})),").expect("a String takes everything");
    }
    generated += "];\n\nstatic REFLECTIONS: &[(&str, &[Binding])] = &[\n";
    for variant in &variants {
        let lookup = |name: &str| files.get(name).map(|(_, text)| text.as_str());
        let text = expand::expand(variant, expand::Target::Native, &lookup).unwrap_or_else(|error| panic!("{error}"));
        writeln!(generated, "    ({:?}, &[{}]),", variant.name(), reflect(&variant.name(), &text)).expect("as above");
    }
    generated += "];\n";
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("shaders.rs");
    fs::write(&out, generated).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

/// Reads every WGSL file in `folder` and the folders within, by its name, which no other may have.
fn read_folder(folder: &Path, files: &mut BTreeMap<String, (PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            read_folder(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "wgsl") {
            let name = path.file_stem().expect("it has an extension").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            if let Some((other, _)) = files.insert(name, (path.clone(), text)) {
                panic!("{} and {} have one name, and imports know no folders", other.display(), path.display());
            }
        }
    }
}

/// Fails for an `#ifdef` whose name no variant defines.
fn check_conditions(files: &BTreeMap<String, (PathBuf, String)>, variants: &[variant::Variant]) {
    let defined: BTreeSet<&str> = variants.iter().flat_map(variant::Variant::defines).collect();
    for (path, text) in files.values() {
        for (number, line) in (1..).zip(text.lines()) {
            let Some(name) = line.trim_start().strip_prefix("#ifdef") else { continue };
            assert!(
                defined.contains(name.trim()),
                "{}:{number}: no variant defines {:?}; there are {}",
                path.display(),
                name.trim(),
                Vec::from_iter(defined).join(", ")
            );
        }
    }
}

/// Validates `text`; gives its bindings as Rust expressions.
fn reflect(name: &str, text: &str) -> String {
    let module =
        naga::front::wgsl::parse_str(text).unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(text)));
    let mut capabilities = Capabilities::SUBGROUP | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    if text.contains("enable wgpu_cooperative_matrix;") {
        capabilities |= Capabilities::SHADER_FLOAT16 | Capabilities::COOPERATIVE_MATRIX;
    }
    Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(text)));
    let mut bindings: Vec<(u32, String)> = module
        .global_variables
        .iter()
        .filter_map(|(_, variable)| {
            let binding = variable.binding?;
            let access = match variable.space {
                naga::AddressSpace::Uniform => "Uniform",
                naga::AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE) => "ReadWrite",
                _ => "Read",
            };
            let resource = variable.name.as_deref().unwrap_or_default();
            Some((
                binding.binding,
                format!("Binding {{ index: {}, name: {resource:?}, access: Access::{access} }}", binding.binding),
            ))
        })
        .collect();
    bindings.sort();
    bindings.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ")
}
