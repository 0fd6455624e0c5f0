//! The environment that a template runs in: Jinja's as Hugging Face sets it up.

use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{DynObject, ObjectRepr, ValueKind};
use minijinja::{AutoEscape, Environment, Error, Output, State, Value};

use super::arguments::{Arguments, bind_arguments, check_length, invalid, split};
use super::container_methods::call_method;
use super::objects::{Cycler, Joiner, Range};
use super::printf::{modulo, printf};
use super::python_text::str_of;
use super::{NAME, filters, source};

/// The most that a template may cost, in minijinja's unit (about one instruction or 64 bytes): enough for megabytes of messages,
/// but a template that would loop for hours is stopped.
const FUEL: u64 = 20_000_000;

/// An environment with the source `template`.
pub(super) fn with_template(template: &str) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(write);
    environment.set_unknown_method_callback(call_method);
    environment.add_function("raise_exception", raise_exception);
    environment.add_function("range", Range::value);
    environment.add_function("cycler", Cycler::value);
    environment.add_function("joiner", Joiner::value);
    environment.add_function("dict", dict);
    environment.add_function(source::CONCATENATE, concatenate);
    environment.add_function(source::REMAINDER, remainder);
    environment.add_test("sequence", |value: &Value| {
        matches!(value.kind(), ValueKind::String | ValueKind::Seq | ValueKind::Map | ValueKind::Undefined)
    });
    environment.add_test("iterable", |value: &Value| !value.is_none() && value.try_iter().is_ok());
    environment.add_test("callable", is_callable);
    filters::add(&mut environment);
    // Jinja doesn't have these, or they write something else there.
    environment.remove_filter("pprint");
    environment.remove_global("debug");
    environment.add_template_owned(NAME, source::for_minijinja(template)?)?;
    Ok(environment)
}

fn write(output: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match (value.as_str(), state.auto_escape()) {
        (Some(text), AutoEscape::None) => output.write_str(text).map_err(Error::from),
        (None, AutoEscape::None) => output.write_str(&str_of(value)?).map_err(Error::from),
        _ => minijinja::escape_formatter(output, state, value),
    }
}

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(invalid(message))
}

/// `strftime_now(format)`, which formats `now`.
pub(super) fn strftime_now(now: chrono::DateTime<chrono::Local>) -> Value {
    Value::from_function(move |format: &str| {
        let mut text = String::new();
        match write!(text, "{}", now.format(format)) {
            Ok(()) => Ok(text),
            Err(_) => Err(invalid(format!("{format:?} is not a date format"))),
        }
    })
}

/// `dict(pairs, name=value)`.
fn dict(arguments: Arguments) -> Result<Value, Error> {
    let arguments = arguments.into_values();
    let (positional, named) = split(&arguments)?;
    let mut pairs = Vec::new();
    match positional {
        [] => {}
        [map] if map.kind() == ValueKind::Map => {
            for key in map.try_iter()?.checked() {
                let key = key?;
                pairs.push((key.clone(), map.get_item(&key)?));
            }
        }
        [items] => {
            for item in items.try_iter()?.checked() {
                let item = item?;
                pairs.push((item.get_item_by_index(0)?, item.get_item_by_index(1)?));
            }
        }
        _ => return Err(invalid("dict takes at most one argument without a name")),
    }
    if let Some(named) = named {
        for name in named.args().map(str::to_owned).collect::<Vec<_>>() {
            pairs.push((Value::from(name.as_str()), named.get(&name)?));
        }
    }
    Ok(Value::from_pairs(pairs))
}

/// `a ~ b`: numbers and lists are written as Python writes them.
fn concatenate(parts: Arguments) -> Result<String, Error> {
    let mut text = String::new();
    for part in parts.into_values() {
        text.push_str(&str_of(&part)?);
        check_length(text.len())?;
    }
    Ok(text)
}

/// `a % b`: the remainder of numbers, or a formatted text.
fn remainder(arguments: Arguments) -> Result<Value, Error> {
    let [left, right] = bind_arguments("%", arguments, ["left", "right"])?;
    let (Some(left), Some(right)) = (left, right) else { return Err(invalid("% needs two operands")) };
    match left.as_str() {
        Some(format) => printf(format, &right).map(Value::from),
        None => modulo(&left, &right),
    }
}

/// Functions and methods can be called, and so can Jinja's undefined value, which then fails.
fn is_callable(value: &Value) -> bool {
    let function = |object: &DynObject| object.repr() == ObjectRepr::Plain || object.to_string().starts_with("<macro");
    value.is_undefined() || value.as_object().is_some_and(function)
}
