//! Prints every expanded variant as JSON, `[{name, wgsl, features}]`: what the browser tests compile.
//!
//! `--target native` prints the text that naga gets instead; `--folder DIR` writes a file a variant.

use std::path::PathBuf;

use wgslm_shaders::{Target, Variant};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |flag: &str| arguments.iter().position(|argument| argument == flag).and_then(|i| arguments.get(i + 1));
    let target = if value("--target").is_some_and(|name| name == "native") { Target::Native } else { Target::Browser };
    let variants = || Variant::all().into_iter().filter(|variant| target == Target::Native || !variant.matrix_units());
    if let Some(folder) = value("--folder").map(PathBuf::from) {
        std::fs::create_dir_all(&folder)?;
        for variant in variants() {
            std::fs::write(folder.join(variant.name() + ".wgsl"), variant.wgsl(target))?;
        }
        return Ok(());
    }
    let variants: Vec<_> = variants()
        .map(|variant| {
            let features: &[&str] = if variant.subgroups() { &["subgroups"] } else { &[] };
            serde_json::json!({ "name": variant.name(), "wgsl": variant.wgsl(target), "features": features })
        })
        .collect();
    println!("{}", serde_json::Value::from(variants));
    Ok(())
}
