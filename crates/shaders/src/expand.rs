//! Expands a variant's WGSL: `#import name` (from `wgsl/shared`, once), `#ifdef NAME`, `#else`, `#endif`, and `#for i COUNT`,
//! `#endfor`: the lines between once for each number below the constant, with the number for `$i`. What lies in registers has to
//! be indexed by numbers, and not every compiler unrolls a loop that is long.
//!
//! Text goes in and text comes out, at build time for naga and at run time for the device: a browser takes WGSL as text, and
//! hundreds of expansions would weigh more in the download than the files they come from.

use std::borrow::Cow;

use crate::format::{Codes, Scales, Table, WeightFormat};
use crate::kernel::{Encoding, Kernel};
use crate::variant::Variant;

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
/// A sentence that names the file and what is wrong with it: an unknown import or count, `#ifdef` without `#endif`, `#for`
/// without `#endfor`.
pub(crate) fn expand<'a>(
    variant: &Variant,
    target: Target,
    file: &dyn Fn(&str) -> Option<&'a str>,
) -> Result<String, String> {
    let mut text = String::new();
    if target == Target::Browser && variant.subgroups {
        text += "enable subgroups;\n";
    }
    if variant.kernel == Kernel::MatmulCooperative {
        text += "enable f16;\nenable wgpu_cooperative_matrix;\n";
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
        let source = self.unroll(source).map_err(|error| format!("{name}.wgsl: {error}"))?;
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

    /// `source` with the lines of each `#for` repeated, the outermost first.
    fn unroll<'s>(&self, source: &'s str) -> Result<Cow<'s, str>, String> {
        if !source.contains("#for ") {
            return Ok(Cow::Borrowed(source));
        }
        let mut unrolled = String::new();
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let Some(head) = line.strip_prefix("#for ") else {
                unrolled.push_str(line);
                unrolled.push('\n');
                continue;
            };
            let (variable, count) = head.split_once(' ').ok_or("#for takes a variable and a count")?;
            let constants = self.variant.constants();
            let count = constants.iter().find(|(name, _)| *name == count).ok_or(format!("there is no {count}"))?.1;
            let mut open = 1;
            let mut body = String::new();
            while open > 0 {
                let line = lines.next().ok_or("#for without #endfor")?;
                open += i32::from(line.starts_with("#for ")) - i32::from(line == "#endfor");
                if open > 0 {
                    body.push_str(line);
                    body.push('\n');
                }
            }
            for number in 0..count {
                unrolled += &self.unroll(&body.replace(&format!("${variable}"), &number.to_string()))?;
            }
        }
        Ok(Cow::Owned(unrolled))
    }

    fn defined(&self, name: &str) -> bool {
        match name {
            "SUBGROUPS" => self.variant.subgroups,
            "EXPERTS" => self.variant.experts,
            "COLUMNS4" => self.variant.shape.is_some_and(|shape| shape.columns == 4),
            "ROPE" => self.variant.rope,
            "GATHER" => self.variant.gather,
            "F16" => self.variant.encoding == Some(Encoding::F16),
            "QUANTISE" => self.variant.encoding.is_some(),
            "TOKENS4" => self.variant.tokens4,
            "ACTIVATIONS" => self.variant.kernel == Kernel::Matvec && !self.fixed(),
            "FIXED" => self.fixed(),
            "INTEGER" => self.fixed() || self.variant.kernel.takes() == Some(Encoding::Int8),
            "WIDE" => self.variant.weight.is_some_and(|layout| layout.interleave == 1),
            "FLOAT_TILES" => matches!(self.variant.kernel, Kernel::Matmul | Kernel::MatmulCooperative),
            "FLOAT" => self.variant.kernel.takes().is_none(),
            "INT8" => self.variant.kernel.takes().or(self.variant.encoding) == Some(Encoding::Int8),
            "ODD_BIT" => self.format().is_some_and(WeightFormat::has_odd_bit),
            "TABLE" => self.format().is_some_and(|format| !format.is_linear()),
            "PAIRS_IN_BYTES" => self.format().is_some_and(|format| format.code_bits() == 4),
            "TABLE_OF_MATRIX" => self.format().is_some_and(|format| format.table() == Table::OfMatrix),
            "UPPER_HALVES" => self.format().is_some_and(|format| format.scales() == Scales::UpperHalves),
            "DOUBLE_QUANTISED" => self.format().is_some_and(|format| format.scales() == Scales::Bytes),
            "SCALES" => self.format().is_some_and(WeightFormat::has_scales),
            _ => false,
        }
    }

    fn format(&self) -> Option<WeightFormat> {
        self.variant.weight.map(|layout| layout.format)
    }

    fn fixed(&self) -> bool {
        self.variant.shape.is_some_and(|shape| shape.fixed)
    }

    fn resolve(&self, import: &str) -> String {
        match (import, self.format(), self.variant.encoding) {
            ("weight_format", Some(format), _) => match format.codes() {
                Codes::Planes(_) => "shared/codes".to_owned(),
                Codes::Bytes => "shared/weight_bytes".to_owned(),
                _ => format!("shared/weight_{}", format.name()),
            },
            ("code_planes", Some(format), _) => format!("shared/planes_{}", format.code_bits()),
            ("code_values", Some(format), _) if format.is_linear() => "shared/code_numbers".to_owned(),
            ("code_values", ..) => "shared/code_table".to_owned(),
            ("code_scales", Some(format), _) => format!("shared/scales_{}", format.scales().name()),
            ("nearest_codes", Some(format), _) => match (format.codes(), format.is_linear()) {
                (Codes::Bytes, _) => "shared/nearest_bytes".to_owned(),
                (_, true) => "shared/nearest_numbers".to_owned(),
                (_, false) => "shared/nearest_table".to_owned(),
            },
            ("activations", ..) => format!("shared/activations_{}", if self.fixed() { "fixed" } else { "float" }),
            ("kv_values", ..) => format!("shared/kv_{}", self.variant.kv.name()),
            ("quantise", _, Some(encoding)) => format!("shared/quantise_{}", encoding.name()),
            _ => format!("shared/{import}"),
        }
    }
}
