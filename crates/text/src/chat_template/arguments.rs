//! Binds the arguments of a call as Python does: by position or by name.

use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Error, ErrorKind, Value};

/// The arguments that a filter or function receives.
pub(super) type Arguments = Rest<ValueOrKwargs>;

/// The arguments of `function` in the order of its parameters `names`; a missing one is `None`.
pub(super) fn bind_arguments<const COUNT: usize>(
    function: &str,
    arguments: Arguments,
    names: [&str; COUNT],
) -> Result<[Option<Value>; COUNT], Error> {
    bind(function, &arguments.into_values(), names)
}

/// Binds values as [`bind_arguments`] does; the last of them may hold the named arguments.
pub(super) fn bind<const COUNT: usize>(
    function: &str,
    arguments: &[Value],
    names: [&str; COUNT],
) -> Result<[Option<Value>; COUNT], Error> {
    let (positional, named) = split(arguments)?;
    if positional.len() > COUNT {
        let detail = format!("{function} takes at most {COUNT} arguments");
        return Err(Error::new(ErrorKind::TooManyArguments, detail));
    }
    let mut bound = [const { None }; COUNT];
    for (slot, value) in bound.iter_mut().zip(positional) {
        *slot = Some(value.clone());
    }
    if let Some(named) = named {
        for (slot, name) in bound.iter_mut().zip(names) {
            if named.has(name) {
                *slot = Some(named.get(name)?);
            }
        }
        named.assert_all_used()?;
    }
    Ok(bound)
}

/// The positional arguments, and the named ones.
pub(super) fn split(arguments: &[Value]) -> Result<(&[Value], Option<Kwargs>), Error> {
    Ok(match arguments.split_last() {
        Some((last, positional)) if last.is_kwargs() => (positional, Some(Kwargs::try_from(last.clone())?)),
        _ => (arguments, None),
    })
}

/// The argument of a parameter that has no default.
pub(super) fn required(function: &str, argument: Option<Value>) -> Result<Value, Error> {
    argument.ok_or_else(|| Error::new(ErrorKind::MissingArgument, format!("{function} needs an argument")))
}

/// A text argument, or `default`.
pub(super) fn text_or(argument: Option<Value>, default: &str) -> Result<String, Error> {
    match argument {
        None => Ok(default.to_owned()),
        Some(value) => text(&value).map(str::to_owned),
    }
}

/// A whole number, or `default`; `none` is the default as well.
pub(super) fn integer_or(argument: Option<Value>, default: i64) -> Result<i64, Error> {
    match argument {
        Some(value) if !value.is_none() => value.try_into(),
        _ => Ok(default),
    }
}

/// The text of a string; other values are refused.
pub(super) fn text(value: &Value) -> Result<&str, Error> {
    value.as_str().ok_or_else(|| invalid(format!("a string is needed, not {}", value.kind())))
}

/// The error of a filter, function or method.
pub(super) fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

/// The longest text that one call may make, in bytes. The steps of a template are limited, but a single one could fill the
/// memory.
pub(super) const LONGEST: usize = 1 << 25;

/// Refuses texts longer than [`LONGEST`].
pub(super) fn check_length(length: usize) -> Result<(), Error> {
    if length > LONGEST { Err(invalid("a text becomes too long")) } else { Ok(()) }
}
