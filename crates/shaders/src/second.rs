//! A text beside another with the same declarations, of which some differ.

use std::collections::BTreeSet;

/// The end of the second's names.
const SUFFIX: &str = "_2";

/// What its second bindings have in addition, so that both fit one bind group.
const BINDINGS: u32 = 8;

/// The resources that both texts have of their own, though declared alike.
const OWN: [&str; 2] = ["codes", "scales"];

/// The declarations of `second` that have to stand beside those of `first`, with names that end in [`SUFFIX`]: the ones that differ,
/// those of [`OWN`] resources, and all that mention one of these.
pub(crate) fn beside(first: &str, second: &str) -> String {
    let known: BTreeSet<&str> = declarations(first).into_iter().map(|(_, text)| text).collect();
    let all = declarations(second);
    let mut renamed: BTreeSet<&str> = OWN.into_iter().collect();
    loop {
        let before = renamed.len();
        let own = |text: &str| !known.contains(text) || words(text).any(|word| renamed.contains(word));
        let more: Vec<&str> = all.iter().filter(|(_, text)| own(text)).map(|(name, _)| *name).collect();
        renamed.extend(more);
        if renamed.len() == before {
            break;
        }
    }
    let own = all.iter().filter(|(name, _)| renamed.contains(name));
    own.map(|(_, text)| rename(text, &renamed) + "\n").collect()
}

/// The declarations of a text with their names, without comments around them.
fn declarations(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let (mut begin, mut at, mut depth) = (None, 0, 0i32);
    for line in text.split_inclusive('\n') {
        let code = line.split("//").next().unwrap_or_default().trim();
        if begin.is_none() && !code.is_empty() {
            begin = Some(at);
        }
        at += line.len();
        depth += code.matches(['{', '(']).count() as i32 - code.matches(['}', ')']).count() as i32;
        if depth == 0
            && code.ends_with([';', '}'])
            && let Some(begin) = begin.take()
        {
            let declaration = &text[begin..at];
            found.extend(name(declaration).map(|name| (name, declaration)));
        }
    }
    found
}

/// The name that a declaration declares.
fn name(declaration: &str) -> Option<&str> {
    let mut words = words(declaration).skip_while(|word| !matches!(*word, "fn" | "struct" | "const" | "alias" | "var"));
    let is_variable = words.next()? == "var";
    words.find(|word| {
        !is_variable || !matches!(*word, "storage" | "read" | "read_write" | "workgroup" | "private" | "uniform")
    })
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_of_word(character)).filter(|word| !word.is_empty())
}

/// `text` with other names and bindings.
fn rename(text: &str, names: &BTreeSet<&str>) -> String {
    let mut renamed = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let end = rest.find(|character| !is_of_word(character)).unwrap_or(rest.len());
        if end == 0 {
            renamed.push(character);
            rest = &rest[character.len_utf8()..];
            continue;
        }
        let word = &rest[..end];
        match word.parse::<u32>() {
            Ok(binding) if renamed.ends_with("@binding(") => renamed += &(binding + BINDINGS).to_string(),
            _ => renamed += word,
        }
        if names.contains(word) {
            renamed += SUFFIX;
        }
        rest = &rest[end..];
    }
    renamed
}
