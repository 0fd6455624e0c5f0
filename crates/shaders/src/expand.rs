//! Expands a variant's WGSL: `#import name` (from `wgsl/shared`, once), `#ifdef NAME`, `#else`, `#endif`.
//!
//! Text goes in and text comes out, at build time for naga and at run time for the device: a browser takes WGSL as text, and
//! forty expansions would weigh more in the download than the twenty files they come from.

use crate::variant::{Kernel, Variant};

/// Who compiles the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// naga, which has no `enable subgroups;`.
    Native,
    /// A browser, which wants every extension enabled.
    Browser,
}

/// The text of `variant` for `target`, given a lookup of the files by name (`embed`, `shared/rows`).
///
/// # Errors
/// A sentence that names the file and what is wrong with it: an unknown import, or `#ifdef` without `#endif`.
pub(crate) fn expand<'a>(
    variant: &Variant,
    target: Target,
    file: &dyn Fn(&str) -> Option<&'a str>,
) -> Result<String, String> {
    let mut text = String::new();
    if target == Target::Browser && variant.subgroups {
        text += "enable subgroups;\n";
    }
    for (name, value) in variant.constants() {
        text += &format!("const {name}: u32 = {value}u;\n");
    }
    Expansion { variant, file, imported: Vec::new() }.append(variant.kernel.name(), &mut text)?;
    Ok(text)
}

struct Expansion<'v, 'f, 'a> {
    variant: &'v Variant,
    file: &'f dyn Fn(&str) -> Option<&'a str>,
    imported: Vec<String>,
}

impl Expansion<'_, '_, '_> {
    fn append(&mut self, name: &str, text: &mut String) -> Result<(), String> {
        let source = (self.file)(name).ok_or_else(|| format!("there is no wgsl/{name}.wgsl"))?;
        // Whether each open #ifdef's current branch is taken.
        let mut branches: Vec<bool> = Vec::new();
        for line in source.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("#ifdef") => branches.push(self.defined(words.next().unwrap_or_default())),
                Some("#else") => {
                    let branch = branches.last_mut().ok_or_else(|| format!("{name}.wgsl: #else without #ifdef"))?;
                    *branch = !*branch;
                }
                Some("#endif") => {
                    branches.pop().ok_or_else(|| format!("{name}.wgsl: #endif without #ifdef"))?;
                }
                _ if branches.contains(&false) => {}
                Some("#import") => {
                    let import = self.resolve(words.next().unwrap_or_default());
                    if !self.imported.contains(&import) {
                        self.imported.push(import.clone());
                        self.append(&import, text)?;
                    }
                }
                _ => {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        if branches.is_empty() { Ok(()) } else { Err(format!("{name}.wgsl: #ifdef without #endif")) }
    }

    fn defined(&self, name: &str) -> bool {
        match name {
            "SUBGROUPS" => self.variant.subgroups,
            "ROPE" => self.variant.rope,
            "GATHER" => self.variant.gather,
            "TOKENS4" => self.variant.tokens4,
            "ACTIVATIONS" => self.variant.kernel == Kernel::Matvec,
            "WIDE" => self.variant.weight.is_some_and(|layout| layout.interleave == 1),
            "SCALES" => self.variant.weight.is_some_and(|layout| layout.format.has_scales()),
            _ => false,
        }
    }

    fn resolve(&self, import: &str) -> String {
        match (import, self.variant.weight) {
            ("weight_format", Some(layout)) => format!("shared/weight_{}", layout.format.name()),
            _ => format!("shared/{import}"),
        }
    }
}
