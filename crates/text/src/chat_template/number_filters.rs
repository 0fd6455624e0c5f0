//! Jinja's filters for numbers.

use minijinja::value::{Rest, ValueKind};
use minijinja::{Error, Value};

use super::arguments::{Arguments, bind_arguments, integer_or, invalid, text_or};
use super::strings::is_space;

/// `int(value, default=0, base=10)`.
pub(super) fn int(value: &Value, arguments: Arguments) -> Result<Value, Error> {
    let [default, base] = bind_arguments("int", arguments, ["default", "base"])?;
    let default = default.unwrap_or_else(|| Value::from(0));
    let base = u32::try_from(integer_or(base, 10)?).unwrap_or(0);
    let truncated = |number: f64| if number.is_finite() { Value::from(number as i128) } else { default.clone() };
    Ok(match value.kind() {
        ValueKind::Bool => Value::from(i64::from(value.is_true())),
        ValueKind::Number if value.is_integer() => value.clone(),
        ValueKind::Number => truncated(f64::try_from(value.clone())?),
        _ => match value.as_str().map(python_number) {
            None => default,
            Some(text) => match integer(&text, base) {
                Some(number) => Value::from(number),
                None => text.parse().map_or(default.clone(), truncated),
            },
        },
    })
}

fn integer(text: &str, base: u32) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        16 => "0x",
        3..=36 => "",
        _ => return None,
    };
    let lower = digits.to_lowercase();
    let digits = lower.strip_prefix(prefix).unwrap_or(&lower);
    if digits.starts_with(['-', '+']) {
        return None;
    }
    Some(sign * i128::from_str_radix(digits, base).ok()?)
}

/// A number's text in Rust's syntax: Python allows white space around a number, and `_` between its digits.
fn python_number(text: &str) -> String {
    let text = text.trim_matches(is_space);
    let single = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
    if single { text.replace('_', "") } else { text.to_owned() }
}

/// `float(value, default=0.0)`.
pub(super) fn float(value: &Value, arguments: Arguments) -> Result<Value, Error> {
    let [default] = bind_arguments("float", arguments, ["default"])?;
    let default = default.unwrap_or_else(|| Value::from(0.0));
    Ok(match value.kind() {
        ValueKind::Bool => Value::from(f64::from(u8::from(value.is_true()))),
        ValueKind::Number => Value::from(f64::try_from(value.clone())?),
        _ => value.as_str().and_then(|text| python_number(text).parse::<f64>().ok()).map_or(default, Value::from),
    })
}

/// `round(value, precision=0, method='common')`.
pub(super) fn round(value: Value, arguments: Arguments) -> Result<Value, Error> {
    let [precision, method] = bind_arguments("round", arguments, ["precision", "method"])?;
    let precision = integer_or(precision, 0)?;
    let method = text_or(method, "common")?;
    if method == "common" && value.is_integer() && precision >= 0 {
        return Ok(value);
    }
    let places = precision.clamp(-400, 400) as i32;
    let number = f64::try_from(value.clone())?;
    let scale = 10_f64.powi(places);
    Ok(Value::from(match method.as_str() {
        // Python rounds the digits of the exact value, ties to even.
        "common" if places >= 0 => {
            let text = format!("{number:.*}", usize::try_from(places).unwrap_or(0));
            text.parse().unwrap_or(number)
        }
        "common" if value.is_integer() => {
            let unit = 10_i128.pow(places.unsigned_abs().min(38));
            return Ok(Value::from(((number * scale).round_ties_even() as i128).saturating_mul(unit)));
        }
        "common" => (number * scale).round_ties_even() / scale,
        "ceil" => (number * scale).ceil() / scale,
        "floor" => (number * scale).floor() / scale,
        _ => return Err(invalid("the method of round must be common, ceil or floor")),
    }))
}

/// `filesizeformat(value, binary=false)`.
pub(super) fn filesizeformat(value: &Value, arguments: Arguments) -> Result<String, Error> {
    let [binary] = bind_arguments("filesizeformat", arguments, ["binary"])?;
    let bytes = f64::try_from(float(value, Rest(Vec::new()))?)?;
    let (base, units) = if binary.is_some_and(|binary| binary.is_true()) {
        (1024.0, ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"])
    } else {
        (1000.0, ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"])
    };
    if bytes < base {
        return Ok(if bytes == 1.0 { "1 Byte".to_owned() } else { format!("{bytes:.0} Bytes") });
    }
    let mut scaled = bytes / base;
    let mut unit = 0;
    while scaled >= base && unit + 1 < units.len() {
        scaled /= base;
        unit += 1;
    }
    Ok(format!("{scaled:.1} {}", units[unit]))
}
