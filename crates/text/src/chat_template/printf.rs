//! The operator `%` of texts and numbers.

use minijinja::formatting::{FormatStyle, format};
use minijinja::value::ValueKind;
use minijinja::{Error, Value};

use super::arguments::invalid;
use super::python_text::{repr_of, str_of};

/// `text % right`, where a tuple is several values.
pub(super) fn printf(text: &str, right: &Value) -> Result<String, Error> {
    let values: Vec<Value> = if right.is_tuple() {
        right.try_iter()?.checked().collect::<Result<_, _>>()?
    } else if right.kind() == ValueKind::Map && text.contains("%(") {
        return format(FormatStyle::Printf, text, std::slice::from_ref(right));
    } else {
        vec![right.clone()]
    };
    let (text, conversions) = conversions(text);
    if conversions.len() != values.len() {
        let reason = format!("{text:?} has {} places for {} values", conversions.len(), values.len());
        return Err(invalid(reason));
    }
    // minijinja formats numbers; other values become text as in Python.
    let shown = |(kind, value): (&char, Value)| match kind {
        's' => str_of(&value).map(Value::from),
        'r' => repr_of(&value).map(Value::from),
        'd' | 'i' | 'u' if value.kind() == ValueKind::Number && !value.is_integer() => {
            Ok(Value::from(f64::try_from(value)?.trunc() as i128))
        }
        _ => Ok(value),
    };
    let values: Vec<Value> = conversions.iter().zip(values).map(shown).collect::<Result<_, _>>()?;
    format(FormatStyle::Printf, &text, &values)
}

/// The letters of the conversions in `text`, and `text` with `%s` for `%r`, since its values become text first.
fn conversions(text: &str) -> (String, Vec<char>) {
    let mut converted = String::new();
    let mut letters = Vec::new();
    let mut inside = false;
    for character in text.chars() {
        let ends = inside && !"#0- +.123456789hlL*".contains(character);
        letters.extend((ends && character != '%').then_some(character));
        converted.push(if ends && character == 'r' { 's' } else { character });
        inside = if inside { !ends } else { character == '%' };
    }
    (converted, letters)
}

/// The remainder of numbers, with the sign of the divisor.
pub(super) fn modulo(left: &Value, right: &Value) -> Result<Value, Error> {
    let is_number = |value: &Value| matches!(value.kind(), ValueKind::Number | ValueKind::Bool);
    if !is_number(left) || !is_number(right) {
        return Err(invalid(format!("% can't take {} and {}", left.kind(), right.kind())));
    }
    let is_float = |value: &Value| value.kind() == ValueKind::Number && !value.is_integer();
    if is_float(left) || is_float(right) {
        let (left, right) = (f64::try_from(left.clone())?, f64::try_from(right.clone())?);
        if right == 0.0 {
            return Err(invalid("division by zero"));
        }
        let rest = left % right;
        return Ok(Value::from(if rest != 0.0 && (rest < 0.0) != (right < 0.0) { rest + right } else { rest }));
    }
    let (left, right) = (i128::try_from(left.clone())?, i128::try_from(right.clone())?);
    let rest = left.checked_rem(right).ok_or_else(|| invalid("division by zero"))?;
    Ok(Value::from(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }))
}
