//! Expands a variant's WGSL: `#import name` (the file of that name in any folder, once), `#ifdef NAME`, `#else`, `#endif`, and
//! `#for i COUNT`, `#endfor`: the lines between once for each number below the constant, with the number for `$i`. What lies in
//! registers has to be indexed by numbers, and not every compiler unrolls a loop that is long. `#second name` is an import once more,
//! with the variant's second choices: what differs from the first has other names (`second`).
//!
//! Text goes in and text comes out, at build time for naga and at run time for the device: a browser takes WGSL as text, and
//! hundreds of expansions would weigh more in the download than the files they come from.

use std::borrow::Cow;

use crate::second;
use crate::variant::{Choices, Variant};

/// The compiler that the text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// naga, which has no `enable subgroups;`.
    Native,
    /// A browser, which wants every extension enabled.
    Browser,
}

/// A file's text without its comments, which nobody reads in a download.
#[must_use]
pub fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().trim_end());
    lines.filter(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect()
}

/// The text of `variant` for `target`, given a lookup of the files by name (`embed`, `rows`).
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
    let choices = variant.choices();
    if target == Target::Browser && choices.subgroups() {
        text += "enable subgroups;\n";
    }
    if variant.matrix_units() {
        text += "enable f16;\nenable wgpu_cooperative_matrix;\n";
    }
    text += &constants(choices);
    Expansion { choices, file, imported: Vec::new() }.append(choices.kernel().name(), &mut text)?;
    Ok(text)
}

fn constants(choices: &dyn Choices) -> String {
    choices.constants().into_iter().map(|(name, value)| format!("const {name}: u32 = {value}u;\n")).collect()
}

struct Expansion<'v, 'f, 'a> {
    choices: &'v dyn Choices,
    file: &'f dyn Fn(&str) -> Option<&'a str>,
    imported: Vec<String>,
}

impl Expansion<'_, '_, '_> {
    fn append(&mut self, name: &str, text: &mut String) -> Result<(), String> {
        let source = (self.file)(name).ok_or_else(|| format!("there is no {name}.wgsl"))?;
        let source = self.unroll(source).map_err(|error| format!("{name}.wgsl: {error}"))?;
        let defines = self.choices.defines();
        // Whether each open #ifdef's current branch is taken.
        let mut branches: Vec<bool> = Vec::new();
        for line in source.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("#ifdef") => branches.push(defines.contains(&words.next().unwrap_or_default())),
                Some("#else") => {
                    let branch = branches.last_mut().ok_or_else(|| format!("{name}.wgsl: #else without #ifdef"))?;
                    *branch = !*branch;
                }
                Some("#endif") => {
                    branches.pop().ok_or_else(|| format!("{name}.wgsl: #endif without #ifdef"))?;
                }
                _ if branches.contains(&false) => {}
                Some("#import") => {
                    let import = words.next().unwrap_or_default();
                    let import = self.choices.import(import).unwrap_or_else(|| import.to_owned());
                    if !self.imported.contains(&import) {
                        self.imported.push(import.clone());
                        self.append(&import, text)?;
                    }
                }
                Some("#second") => {
                    let choices = self.choices.second().ok_or_else(|| format!("{name}.wgsl: there is no second"))?;
                    let mut other = constants(&*choices);
                    let mut expansion = Expansion { choices: &*choices, file: self.file, imported: Vec::new() };
                    expansion.append(words.next().unwrap_or_default(), &mut other)?;
                    *text += &second::beside(text, &other);
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
            let constants = self.choices.constants();
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
}
