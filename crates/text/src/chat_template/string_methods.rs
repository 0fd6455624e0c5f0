//! The methods of Python's strings.

use minijinja::formatting::{FormatStyle, format};
use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, ErrorKind, Value};

use super::arguments::{bind, check_length, integer_or, invalid, required, text, text_or};
use super::python_text::is_printable;
use super::strings::{
    expand_tabs, is_decimal, is_digit, is_space, non_empty, pad, part, replaced, split, split_lines, strip, swapcase,
    titlecase,
};

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
            let joints = items.len().saturating_mul(string.len());
            check_length(items.iter().fold(joints, |length, item| length.saturating_add(item.len())))?;
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
                return Err(invalid("the fill character must be a single character"));
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
            let [wanted, other]: [fn(char) -> bool; 2] = match method {
                "islower" => [char::is_lowercase, char::is_uppercase],
                _ => [char::is_uppercase, char::is_lowercase],
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
