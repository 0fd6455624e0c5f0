//! The methods of Python's strings.

use minijinja::formatting::{FormatStyle, format};
use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, ErrorKind, Value};

use super::arguments::{bind, integer_or, invalid, required, text, text_or};
use super::python_text::is_printable;

/// Calls a method of `string`.
pub(super) fn call(string: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let none = || bind::<0>(method, arguments, []).map(|_| ());
    let all = |test: fn(char) -> bool| none().map(|()| Value::from(!string.is_empty() && string.chars().all(test)));
    Ok(match method {
        "upper" => none().map(|()| Value::from(string.to_uppercase()))?,
        "lower" => none().map(|()| Value::from(string.to_lowercase()))?,
        "casefold" => none().map(|()| Value::from(string.to_lowercase().replace('ß', "ss").replace('ς', "σ")))?,
        "swapcase" => none().map(|()| Value::from(swapcase(string)))?,
        "capitalize" => none().map(|()| Value::from(titlecase(string, |_| false)))?,
        "title" => none().map(|()| Value::from(titlecase(string, |before| !before.is_alphabetic())))?,
        "strip" | "lstrip" | "rstrip" => {
            let [characters] = bind(method, arguments, ["chars"])?;
            Value::from(strip(string, characters.as_ref(), method != "rstrip", method != "lstrip")?)
        }
        "split" | "rsplit" => {
            let [separator, limit] = bind(method, arguments, ["sep", "maxsplit"])?;
            let limit = usize::try_from(integer_or(limit, -1)?).unwrap_or(usize::MAX);
            strings(split(string, separator.filter(|separator| !separator.is_none()), limit, method == "rsplit")?)
        }
        "splitlines" => {
            let [keep_ends] = bind(method, arguments, ["keepends"])?;
            strings(split_lines(string, keep_ends.is_some_and(|keep_ends| keep_ends.is_true())))
        }
        "partition" | "rpartition" => {
            let [separator] = bind(method, arguments, ["sep"])?;
            let separator = required(method, separator)?;
            let separator = non_empty(&separator)?;
            let parts = if method == "partition" {
                string.split_once(separator).map_or([string, "", ""], |(left, right)| [left, separator, right])
            } else {
                string.rsplit_once(separator).map_or(["", "", string], |(left, right)| [left, separator, right])
            };
            Value::from(Tuple::from(parts.map(Value::from)))
        }
        "replace" => {
            let [old, new, count] = bind(method, arguments, ["old", "new", "count"])?;
            let (old, new) = (required(method, old)?, required(method, new)?);
            let count = usize::try_from(integer_or(count, -1)?).unwrap_or(usize::MAX);
            Value::from(replaced(string, text(&old)?, text(&new)?, count)?)
        }
        "removeprefix" | "removesuffix" => {
            let [affix] = bind(method, arguments, ["affix"])?;
            let affix = required(method, affix)?;
            let affix = text(&affix)?;
            let removed =
                if method == "removeprefix" { string.strip_prefix(affix) } else { string.strip_suffix(affix) };
            Value::from(removed.unwrap_or(string))
        }
        "startswith" | "endswith" => {
            let [affix, start, end] = bind(method, arguments, ["affix", "start", "end"])?;
            let affix = required(method, affix)?;
            let (_, part) = part(string, start, end)?;
            let has = |affix: &Value| {
                let affix = text(affix)?;
                Ok::<_, Error>(part.is_some_and(|part| {
                    if method == "startswith" { part.starts_with(affix) } else { part.ends_with(affix) }
                }))
            };
            Value::from(if affix.kind() == ValueKind::Seq {
                affix.try_iter()?.checked().try_fold(false, |found, affix| Ok::<_, Error>(found | has(&affix?)?))?
            } else {
                has(&affix)?
            })
        }
        "find" | "rfind" | "index" | "rindex" => {
            let [wanted, start, end] = bind(method, arguments, ["sub", "start", "end"])?;
            let wanted = required(method, wanted)?;
            let wanted = text(&wanted)?;
            let (before, part) = part(string, start, end)?;
            let position = part.and_then(|part| {
                let at = if method.starts_with('r') { part.rfind(wanted) } else { part.find(wanted) };
                at.map(|at| before + part[..at].chars().count())
            });
            match position {
                Some(position) => Value::from(position),
                None if method.ends_with("find") => Value::from(-1),
                None => return Err(invalid("substring not found")),
            }
        }
        "count" => {
            let [wanted, start, end] = bind(method, arguments, ["sub", "start", "end"])?;
            let wanted = required(method, wanted)?;
            let (_, part) = part(string, start, end)?;
            Value::from(part.map_or(0, |part| part.matches(text(&wanted).unwrap_or_default()).count()))
        }
        "join" => {
            let [items] = bind(method, arguments, ["iterable"])?;
            let items = required(method, items)?.try_iter()?.checked().collect::<Result<Vec<_>, _>>()?;
            let items: Vec<&str> = items.iter().map(text).collect::<Result<_, _>>()?;
            Value::from(items.join(string))
        }
        "format" => Value::from(format(FormatStyle::StrFormat, string, arguments)?),
        "format_map" => {
            let [map] = bind(method, arguments, ["mapping"])?;
            let map = required(method, map)?;
            let mut named = Vec::new();
            for key in map.try_iter()?.checked() {
                let key = key?;
                named.push((text(&key)?.to_owned(), map.get_item(&key)?));
            }
            let named: minijinja::value::Kwargs = named.into_iter().collect();
            Value::from(format(FormatStyle::StrFormat, string, &[Value::from(named)])?)
        }
        "center" | "ljust" | "rjust" => {
            let [width, fill] = bind(method, arguments, ["width", "fillchar"])?;
            let width = i64::try_from(required(method, width)?)?;
            let mut fill = text_or(fill, " ")?.chars().collect::<Vec<_>>().into_iter();
            let (Some(fill), None) = (fill.next(), fill.next()) else {
                return Err(invalid("the fill character is one character"));
            };
            Value::from(match method {
                "ljust" => pad(string, width, fill, |_, _| 0)?,
                "rjust" => pad(string, width, fill, |missing, _| missing)?,
                _ => pad(string, width, fill, |missing, width| missing / 2 + (missing & width & 1))?,
            })
        }
        "zfill" => {
            let [width] = bind(method, arguments, ["width"])?;
            let width = i64::try_from(required(method, width)?)?;
            let (sign, digits) = string.split_at(usize::from(string.starts_with(['+', '-'])));
            let digits = pad(digits, width.saturating_sub(sign.len() as i64), '0', |missing, _| missing)?;
            Value::from(format!("{sign}{digits}"))
        }
        "expandtabs" => {
            let [size] = bind(method, arguments, ["tabsize"])?;
            Value::from(expand_tabs(string, usize::try_from(integer_or(size, 8)?.clamp(0, 100)).unwrap_or(0)))
        }
        "isalpha" => all(char::is_alphabetic)?,
        "isalnum" => all(char::is_alphanumeric)?,
        "isnumeric" => all(char::is_numeric)?,
        "isdecimal" => all(is_decimal)?,
        "isdigit" => all(is_digit)?,
        "isspace" => all(is_space)?,
        "isascii" => none().map(|()| Value::from(string.is_ascii()))?,
        "isprintable" => none().map(|()| Value::from(string.chars().all(is_printable)))?,
        "isidentifier" => none().map(|()| {
            let starts = string.starts_with(|first: char| first.is_alphabetic() || first == '_');
            Value::from(starts && string.chars().all(|character| character.is_alphanumeric() || character == '_'))
        })?,
        "islower" | "isupper" => none().map(|()| {
            let (wanted, other): (fn(char) -> bool, fn(char) -> bool) = match method {
                "islower" => (char::is_lowercase, char::is_uppercase),
                _ => (char::is_uppercase, char::is_lowercase),
            };
            Value::from(string.contains(wanted) && !string.contains(other))
        })?,
        "istitle" => none().map(|()| {
            let title = titlecase(string, |before| !before.is_alphabetic());
            Value::from(title == string && string.contains(char::is_alphabetic))
        })?,
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

fn strings<'text>(parts: impl IntoIterator<Item = &'text str>) -> Value {
    Value::from(parts.into_iter().map(Value::from).collect::<Vec<_>>())
}

/// White space as Python has it.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}')
}

fn is_decimal(character: char) -> bool {
    let other = matches!(character, '\u{b2}'..='\u{be}' | '\u{9f4}'..='\u{9f9}' | '\u{2070}'..='\u{3400}');
    character.is_ascii_digit() || (character.is_numeric() && !other)
}

fn is_digit(character: char) -> bool {
    is_decimal(character)
        || matches!(character, '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}' | '\u{2074}'..='\u{2079}')
        || matches!(character, '\u{2080}'..='\u{2089}' | '\u{2460}'..='\u{2468}' | '\u{2474}'..='\u{247c}')
}

fn swapcase(string: &str) -> String {
    let mut swapped = String::new();
    for character in string.chars() {
        if character.is_uppercase() {
            swapped.extend(character.to_lowercase());
        } else {
            swapped.extend(character.to_uppercase());
        }
    }
    swapped
}

/// The first letter and those that `begins` finds a start behind in upper case, and all others in lower case.
pub(super) fn titlecase(string: &str, begins: impl Fn(char) -> bool) -> String {
    // Lower case by the whole text, since the form of a sigma depends on what stands around it.
    let lower = string.to_lowercase();
    let mut title = String::new();
    let mut before = None;
    for character in lower.chars() {
        if before.is_none_or(&begins) {
            let mut upper = character.to_uppercase();
            match character {
                'ǆ' | 'ǉ' | 'ǌ' | 'ǳ' => title.extend(char::from_u32(u32::from(character) - 1)),
                _ => {
                    title.extend(upper.next());
                    upper.for_each(|rest| title.extend(rest.to_lowercase()));
                }
            }
        } else {
            title.push(character);
        }
        before = Some(character);
    }
    title
}

/// `string` without the `characters`, or white space, at its ends.
pub(super) fn strip<'text>(
    string: &'text str,
    characters: Option<&Value>,
    start: bool,
    end: bool,
) -> Result<&'text str, Error> {
    let characters = characters.filter(|characters| !characters.is_none()).map(text).transpose()?;
    let strips =
        |character| characters.map_or_else(|| is_space(character), |characters| characters.contains(character));
    let string = if start { string.trim_start_matches(strips) } else { string };
    Ok(if end { string.trim_end_matches(strips) } else { string })
}

fn non_empty(separator: &Value) -> Result<&str, Error> {
    let separator = text(separator)?;
    if separator.is_empty() { Err(invalid("the separator is empty")) } else { Ok(separator) }
}

/// At most `limit` cuts, from the end where `reverse`.
fn split(string: &str, separator: Option<Value>, limit: usize, reverse: bool) -> Result<Vec<&str>, Error> {
    let parts = limit.saturating_add(1);
    if let Some(separator) = separator {
        let separator = non_empty(&separator)?;
        if !reverse {
            return Ok(string.splitn(parts, separator).collect());
        }
        let mut found: Vec<&str> = string.rsplitn(parts, separator).collect();
        found.reverse();
        return Ok(found);
    }
    let mut words = Vec::new();
    let trim = if reverse { str::trim_end_matches::<fn(char) -> bool> } else { str::trim_start_matches };
    let mut rest = trim(string, is_space);
    while !rest.is_empty() {
        let cut = if reverse { rest.rfind(is_space) } else { rest.find(is_space) };
        let Some(at) = cut.filter(|_| words.len() < limit) else {
            words.push(if reverse { rest.trim_end_matches(is_space) } else { rest });
            break;
        };
        let width = rest[at..].chars().next().map_or(0, char::len_utf8);
        let (before, after) = (&rest[..at], &rest[at + width..]);
        let (word, left) = if reverse { (after, before) } else { (before, after) };
        words.push(word);
        rest = trim(left, is_space);
    }
    if reverse {
        words.reverse();
    }
    Ok(words)
}

fn split_lines(string: &str, keep_ends: bool) -> Vec<&str> {
    let ends = |character| matches!(character, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut lines = Vec::new();
    let mut rest = string;
    while let Some(at) = rest.find(ends) {
        let width =
            if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(0, char::len_utf8) };
        lines.push(&rest[..if keep_ends { at + width } else { at }]);
        rest = &rest[at + width..];
    }
    lines.extend((!rest.is_empty()).then_some(rest));
    lines
}

fn replaced(string: &str, old: &str, new: &str, count: usize) -> Result<String, Error> {
    // Each step of a template is counted, but this one alone could fill the memory.
    let most = string.len().saturating_add((string.len() / old.len().max(1) + 1).min(count).saturating_mul(new.len()));
    if most > LONGEST {
        return Err(invalid("a replacement makes the text too long"));
    }
    Ok(string.replacen(old, new, count))
}

/// The longest text that one call may make.
const LONGEST: usize = 1 << 26;

/// The text from character `start` to `end` and the characters before it; nothing where `start` lies beyond the end.
fn part(string: &str, start: Option<Value>, end: Option<Value>) -> Result<(usize, Option<&str>), Error> {
    let length = string.chars().count();
    let index = |at: Option<Value>, default: usize| {
        let at = integer_or(at, default as i64)?;
        let at = if at < 0 { at.saturating_add(length as i64).max(0) } else { at };
        Ok::<_, Error>(usize::try_from(at).unwrap_or(usize::MAX))
    };
    let (start, end) = (index(start, 0)?, index(end, length)?.min(length));
    let offset = |at: usize| string.char_indices().nth(at).map_or(string.len(), |(offset, _)| offset);
    Ok((start, (start <= end).then(|| &string[offset(start)..offset(end)])))
}

/// `string` made `width` characters wide; `left` says how many of the missing ones come before it.
pub(super) fn pad(string: &str, width: i64, fill: char, left: impl Fn(usize, usize) -> usize) -> Result<String, Error> {
    let width = usize::try_from(width).unwrap_or(0);
    if width > LONGEST {
        return Err(invalid("the width is too large"));
    }
    let missing = width.saturating_sub(string.chars().count());
    let before = left(missing, width);
    let fill = |count| std::iter::repeat_n(fill, count);
    Ok(fill(before).chain(string.chars()).chain(fill(missing - before)).collect())
}

fn expand_tabs(string: &str, size: usize) -> String {
    let mut expanded = String::new();
    let mut column = 0;
    for character in string.chars() {
        match character {
            '\t' => {
                let width = if size == 0 { 0 } else { size - column % size };
                expanded.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            _ => {
                column = if matches!(character, '\n' | '\r') { 0 } else { column + 1 };
                expanded.push(character);
            }
        }
    }
    expanded
}
