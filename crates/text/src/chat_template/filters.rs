//! Jinja's filters that minijinja lacks, or that take other arguments or write other text there.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, State, Value, filters};

use super::arguments::{Arguments, bind_arguments, check_length, integer_or, invalid, text_or};
use super::dictionary::is_dictionary;
use super::number_filters;
use super::python_text::str_of;
use super::strings::{is_space, pad, strip};

/// Adds the filters to `environment`.
pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("tojson", super::json::tojson);
    environment.add_filter("string", str_of);
    environment.add_filter("int", number_filters::int);
    environment.add_filter("float", number_filters::float);
    environment.add_filter("round", number_filters::round);
    environment.add_filter("default", default);
    environment.add_filter("d", default);
    environment.add_filter("list", list);
    environment.add_filter("join", join);
    environment.add_filter("attr", attr);
    environment.add_filter("trim", trim);
    environment.add_filter("title", title);
    environment.add_filter("indent", indent);
    environment.add_filter("wordcount", wordcount);
    environment.add_filter("truncate", truncate);
    environment.add_filter("center", center);
    environment.add_filter("escape", escape);
    environment.add_filter("e", escape);
    environment.add_filter("forceescape", escape);
    environment.add_filter("striptags", striptags);
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("filesizeformat", number_filters::filesizeformat);
    // These filters take their arguments by position too, in this order.
    let sort = ["reverse", "case_sensitive", "attribute"];
    add_named(environment, "sort", sort, filters::sort);
    let unique = ["case_sensitive", "attribute"];
    add_named(environment, "unique", unique, filters::unique);
    add_named(environment, "min", unique, filters::min);
    add_named(environment, "max", unique, filters::max);
    let dictsort = ["case_sensitive", "by", "reverse"];
    add_named(environment, "dictsort", dictsort, |_, value, options| filters::dictsort(&value, options));
}

fn add_named<const COUNT: usize>(
    environment: &mut Environment<'static>,
    name: &'static str,
    names: [&'static str; COUNT],
    filter: impl Fn(&State, Value, Kwargs) -> Result<Value, Error> + Send + Sync + 'static,
) {
    environment.add_filter(name, move |state: &State, value: Value, arguments: Arguments| {
        let bound = bind_arguments(name, arguments, names)?;
        let given = names.into_iter().zip(bound).filter_map(|(name, value)| Some((name, value?)));
        filter(state, value, given.collect())
    });
}

/// `default(value, default_value='', boolean=false)`.
fn default(value: Value, arguments: Arguments) -> Result<Value, Error> {
    let [default, boolean] = bind_arguments("default", arguments, ["default_value", "boolean"])?;
    let boolean = boolean.is_some_and(|boolean| boolean.is_true());
    let replace = value.is_undefined() || (boolean && !value.is_true());
    Ok(if replace { default.unwrap_or_else(|| Value::from("")) } else { value })
}

fn list(state: &State, value: Value) -> Result<Value, Error> {
    if value.is_none() {
        return Err(invalid("none is not a list"));
    }
    filters::list(state, value)
}

/// `join(value, d='', attribute=none)`.
fn join(value: &Value, arguments: Arguments) -> Result<String, Error> {
    let [separator, attribute] = bind_arguments("join", arguments, ["d", "attribute"])?;
    let separator = separator.map_or(Ok(String::new()), |separator| str_of(&separator))?;
    let mut text = String::new();
    for (index, item) in value.try_iter()?.checked().enumerate() {
        let mut item = item?;
        if let Some(attribute) = attribute.as_ref().filter(|attribute| !attribute.is_none()) {
            for part in str_of(attribute)?.split('.') {
                item = match part.parse::<usize>() {
                    Ok(index) => item.get_item(&Value::from(index))?,
                    Err(_) => item.get_attr(part)?,
                };
            }
        }
        text.push_str(if index > 0 { &separator } else { "" });
        text.push_str(&str_of(&item)?);
        check_length(text.len())?;
    }
    Ok(text)
}

/// `attr(value, name)`: an attribute, never a key of a dictionary.
fn attr(value: &Value, name: &Value) -> Result<Value, Error> {
    if is_dictionary(value) { Ok(Value::UNDEFINED) } else { filters::attr(value, name) }
}

/// `trim(value, chars=none)`.
fn trim(value: &Value, arguments: Arguments) -> Result<String, Error> {
    let [characters] = bind_arguments("trim", arguments, ["chars"])?;
    Ok(strip(&str_of(value)?, characters.as_ref(), true, true)?.to_owned())
}

/// `indent(s, width=4, first=false, blank=false)`.
fn indent(value: &Value, arguments: Arguments) -> Result<String, Error> {
    let [width, first, blank] = bind_arguments("indent", arguments, ["width", "first", "blank"])?;
    let indentation = match width {
        Some(width) if width.as_str().is_some() => width.to_string(),
        width => " ".repeat(usize::try_from(integer_or(width, 4)?.clamp(0, 1000)).unwrap_or(0)),
    };
    let is_true = |flag: Option<Value>| flag.is_some_and(|flag| flag.is_true());
    let (first, blank) = (is_true(first), is_true(blank));
    let mut text = String::new();
    for (index, line) in str_of(value)?.split('\n').enumerate() {
        text.push_str(if index > 0 { "\n" } else { "" });
        if if index == 0 { first } else { blank || !line.is_empty() } {
            text.push_str(&indentation);
        }
        text.push_str(line);
    }
    Ok(text)
}

fn wordcount(value: &Value) -> Result<usize, Error> {
    let text = str_of(value)?;
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    Ok(text.split(|character| !is_word(character)).filter(|word| !word.is_empty()).count())
}

/// `truncate(s, length=255, killwords=false, end='...', leeway=5)`.
fn truncate(value: &Value, arguments: Arguments) -> Result<String, Error> {
    let names = ["length", "killwords", "end", "leeway"];
    let [length, kill_words, end, leeway] = bind_arguments("truncate", arguments, names)?;
    let text = str_of(value)?;
    let (length, leeway) = (integer_or(length, 255)?, integer_or(leeway, 5)?);
    let end = text_or(end, "...")?;
    let kept = length.saturating_sub(end.chars().count() as i64);
    if kept < 0 || leeway < 0 {
        return Err(invalid("truncate needs a length that its end fits into, and a leeway of 0 or more"));
    }
    if text.chars().count() as i64 <= length.saturating_add(leeway) {
        return Ok(text);
    }
    let mut short: String = text.chars().take(usize::try_from(kept).unwrap_or(usize::MAX)).collect();
    if !kill_words.is_some_and(|kill_words| kill_words.is_true())
        && let Some((words, _)) = short.rsplit_once(' ')
    {
        short.truncate(words.len());
    }
    Ok(short + &end)
}

/// `center(value, width=80)`.
fn center(value: &Value, arguments: Arguments) -> Result<String, Error> {
    let [width] = bind_arguments("center", arguments, ["width"])?;
    pad(&str_of(value)?, integer_or(width, 80)?, ' ', |missing, width| missing / 2 + (missing & width & 1))
}

fn escape(value: &Value) -> Result<String, Error> {
    let mut text = String::new();
    for character in str_of(value)?.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\'' => text.push_str("&#39;"),
            '"' => text.push_str("&#34;"),
            _ => text.push(character),
        }
    }
    Ok(text)
}

/// `striptags(value)`: removes tags and comments, and makes white space single spaces.
fn striptags(value: &Value) -> Result<String, Error> {
    let mut text = str_of(value)?;
    for (open, close) in [("<!--", "-->"), ("<", ">")] {
        let mut from = 0;
        while let Some(start) = text[from..].find(open).map(|start| from + start) {
            let Some(end) = text[start..].find(close).map(|end| start + end + close.len()) else { break };
            text.replace_range(start..end, "");
            from = start;
        }
    }
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    let plain = words.join(" ");
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    Ok(named.into_iter().fold(plain, |text, (entity, character)| text.replace(entity, character)))
}

fn urlencode(value: &Value) -> Result<String, Error> {
    let pairs = match value.kind() {
        ValueKind::Map => {
            let pair = |key: Result<Value, Error>| {
                let key = key?;
                Ok((value.get_item(&key)?, key))
            };
            value.try_iter()?.checked().map(pair).collect::<Result<Vec<_>, Error>>()?
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let pair = |pair: Result<Value, Error>| {
                let pair = pair?;
                Ok((pair.get_item_by_index(1)?, pair.get_item_by_index(0)?))
            };
            value.try_iter()?.checked().map(pair).collect::<Result<Vec<_>, Error>>()?
        }
        _ => return Ok(percent_encoded(&str_of(value)?, "/", "%20")),
    };
    let part = |value: &Value| Ok::<_, Error>(percent_encoded(&str_of(value)?, "", "+"));
    let parts: Result<Vec<String>, Error> =
        pairs.iter().map(|(value, key)| Ok(format!("{}={}", part(key)?, part(value)?))).collect();
    Ok(parts?.join("&"))
}

fn percent_encoded(text: &str, safe: &str, space: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match char::from(byte) {
            ' ' => encoded.push_str(space),
            kept if kept.is_ascii_alphanumeric() || "_.-~".contains(kept) || safe.contains(kept) => encoded.push(kept),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// `title(s)`: a word begins behind white space, a hyphen or an opening bracket.
fn title(value: &Value) -> Result<String, Error> {
    let mut title = String::new();
    let mut begins = true;
    for character in str_of(value)?.chars() {
        if begins {
            title.extend(character.to_uppercase());
        } else {
            title.extend(character.to_lowercase());
        }
        begins = is_space(character) || "-({[<".contains(character);
    }
    Ok(title)
}
