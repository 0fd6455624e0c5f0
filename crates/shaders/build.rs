//! Expands every variant, validates it with naga, and writes down its bindings: a shader error fails the build.

#![allow(dead_code, unreachable_pub)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use naga::valid::{Capabilities, ValidationFlags, Validator};

// Of each family, only its variants are needed here.
#[path = "src/attention/variants/mod.rs"]
mod attention;
#[path = "src/embed/variants.rs"]
mod embed;
#[path = "src/encoding.rs"]
mod encoding;
#[path = "src/expand.rs"]
mod expand;
#[path = "src/experts/variants.rs"]
mod experts;
#[path = "src/feed_forward/variants.rs"]
mod feed_forward;
#[path = "src/format.rs"]
mod format;
#[path = "src/kernel.rs"]
mod kernel;
#[path = "src/layout.rs"]
mod layout;
#[path = "src/linear/variants/mod.rs"]
mod linear;
#[path = "src/norm/variants.rs"]
mod norm;
#[path = "src/quantise/variants.rs"]
mod quantise;
#[path = "src/repack/variants.rs"]
mod repack;
#[path = "src/sample/variants.rs"]
mod sample;
#[path = "src/second.rs"]
mod second;
#[path = "src/state/variants.rs"]
mod state;
#[path = "src/tensor_type.rs"]
mod tensor_type;
#[path = "src/variant.rs"]
mod variant;

/// A WGSL file.
struct File {
    path: PathBuf,
    text: String,
    /// The text without comments, as it is embedded.
    embedded: String,
    /// The names that variants define whose text it is part of; none where it is part of no variant's.
    defined: RefCell<Option<BTreeSet<&'static str>>>,
}

fn main() {
    println!("cargo::rerun-if-changed=src");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut files = BTreeMap::new();
    read_folder(&root.join("src"), &mut files);
    let expanded = expand_all(&files);
    files.values().for_each(check);

    let mut generated = String::from("static FILES: &[(&str, &str)] = &[\n");
    for (name, File { embedded, .. }) in &files {
        writeln!(generated, "    ({name:?}, {embedded:?}),").expect("a String takes everything");
    }
    generated += "];\n\nstatic REFLECTIONS: &[(&str, &[Binding])] = &[\n";
    for (name, text) in &expanded {
        writeln!(generated, "    ({name:?}, &[{}]),", reflect(name, text)).expect("as above");
    }
    generated += "];\n";
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("shaders.rs");
    fs::write(&out, generated).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

/// Reads every WGSL file in `folder` and the folders within, by its name, which no other may have.
fn read_folder(folder: &Path, files: &mut BTreeMap<String, File>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            read_folder(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "wgsl") {
            let name = path.file_stem().expect("it has an extension").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let embedded = expand::without_comments(&text);
            let file = File { path: path.clone(), text, embedded, defined: RefCell::default() };
            if let Some(other) = files.insert(name, file) {
                panic!("{} and {} have one name, and imports know no folders", other.path.display(), path.display());
            }
        }
    }
}

/// The name and the text of every variant.
fn expand_all(files: &BTreeMap<String, File>) -> Vec<(String, String)> {
    let expanded = |variant: &variant::Variant| {
        let lookup = |name: &str| {
            let file = files.get(name)?;
            file.defined.borrow_mut().get_or_insert_default().extend(variant.choices().defines());
            Some(file.embedded.as_str())
        };
        let text = expand::expand(variant, expand::Target::Native, &lookup).unwrap_or_else(|error| panic!("{error}"));
        (variant.name(), text)
    };
    variant::Variant::all().iter().map(expanded).collect()
}

/// Fails for a file that no variant is made of, and for an `#ifdef` that is false in all variants that are.
fn check(file: &File) {
    let path = file.path.display();
    let defined = file.defined.borrow();
    let defined = defined.as_ref().unwrap_or_else(|| panic!("{path}: no variant imports it"));
    for (number, line) in (1..).zip(file.text.lines()) {
        let Some(name) = line.trim_start().strip_prefix("#ifdef").map(str::trim) else { continue };
        let names = Vec::from_iter(defined.iter().copied()).join(", ");
        assert!(defined.contains(name), "{path}:{number}: no variant that imports it defines `{name}`, but {names}");
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
