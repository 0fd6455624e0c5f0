//! JSON Schemas as llguidance takes them.

use serde_json::{Map, Value, json};

use crate::{Error, Result, Whitespace, effort};

/// The notation, as error messages name it.
pub(crate) const NOTATION: &str = "JSON Schema";

/// The key under which llguidance finds its options in a schema.
const OPTIONS: &str = "x-guidance";

/// White space in JSON, bounded, since small models may write it for ever.
const FLEXIBLE: &str = r"[\x20\x0A\x0D\x09]{1,64}";

/// The largest number that a bound may have, the one before 2^63 in f64: llguidance computes bounds of integers in i64.
const LARGEST_BOUND: f64 = 9_223_372_036_854_774_784.0;

/// The most decimal places of a step (`multipleOf`).
const MOST_PLACES: i32 = 4;
/// The largest step in units of the last of these places.
const LARGEST_STEP: f64 = 1e8;

/// The schema with the options for `whitespace`; any options of its own are replaced.
///
/// # Errors
/// [`Error::InvalidGrammar`] where the value is no schema, or one of what llguidance has no numbers for;
/// [`Error::GrammarTooComplex`] for patterns that take too much work.
pub(crate) fn schema(mut schema: Value, whitespace: Whitespace) -> Result<Value> {
    let mut found = Found::default();
    prepare(&mut schema, &mut found)?;
    effort::check(NOTATION, found.repetitions)?;
    check_steps(&found.steps)?;
    let mut schema = match schema {
        Value::Object(schema) => schema,
        Value::Bool(true) => Map::new(),
        Value::Bool(false) => return Err(invalid("the schema `false` accepts nothing".to_owned())),
        other => return Err(invalid(format!("a schema is an object or a boolean, not {other}"))),
    };
    let options = match whitespace {
        Whitespace::Compact => json!({"whitespace_flexible": false}),
        Whitespace::Flexible => json!({"whitespace_pattern": FLEXIBLE}),
    };
    schema.insert(OPTIONS.to_owned(), options);
    Ok(Value::Object(schema))
}

/// What llguidance doesn't check by itself.
#[derive(Default)]
struct Found {
    /// The effort of each pattern.
    repetitions: Vec<u64>,
    /// The values of `multipleOf`.
    steps: Vec<f64>,
}

/// Prepares a schema and all schemas inside: makes bounds numbers that llguidance can compute with.
fn prepare(schema: &mut Value, found: &mut Found) -> Result<()> {
    let Value::Object(schema) = schema else { return Ok(()) };
    for (keyword, value) in schema {
        match keyword.as_str() {
            "minimum" | "exclusiveMinimum" => narrow(value, -LARGEST_BOUND)?,
            "maximum" | "exclusiveMaximum" => narrow(value, LARGEST_BOUND)?,
            "multipleOf" => found.steps.extend(value.as_f64()),
            "pattern" => found.repetitions.extend(value.as_str().map(effort::of_regex)),
            "properties" | "patternProperties" | "$defs" | "definitions" => {
                let Value::Object(schemas) = value else { continue };
                if keyword == "patternProperties" {
                    found.repetitions.extend(schemas.keys().map(|pattern| effort::of_regex(pattern)));
                }
                schemas.values_mut().try_for_each(|schema| prepare(schema, found))?;
            }
            "items" | "prefixItems" | "additionalItems" | "additionalProperties" | "anyOf" | "oneOf" | "allOf" => {
                match value {
                    Value::Array(schemas) => schemas.iter_mut().try_for_each(|schema| prepare(schema, found))?,
                    schema => prepare(schema, found)?,
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Replaces a bound that lies beyond `widest`, which thereby only becomes stricter.
fn narrow(bound: &mut Value, widest: f64) -> Result<()> {
    let Some(number) = bound.as_f64().filter(|number| number.abs() > LARGEST_BOUND) else { return Ok(()) };
    if number.is_sign_negative() != widest.is_sign_negative() {
        return Err(invalid(format!("Unsatisfiable schema: no supported number reaches the bound {number}")));
    }
    *bound = widest.into();
    Ok(())
}

/// Refuses steps whose remainders don't fit the 32 bits in which llguidance computes them, alone or where schemas are combined.
fn check_steps(steps: &[f64]) -> Result<()> {
    let mut multiple = 1_u32;
    for &step in steps {
        // The lowest common multiple, in units of the smallest decimal place.
        let common = units(step).and_then(|units| {
            let product = multiple.checked_mul(units.max(1))?;
            Some(product / greatest_divisor(multiple, units.max(1)))
        });
        let Some(common) = common else {
            let reason = format!("multipleOf {step}: steps may have {MOST_PLACES} decimal places and few digits");
            return Err(Error::UnsupportedGrammar { notation: NOTATION, reason });
        };
        multiple = common;
    }
    Ok(())
}

/// A step in units of the smallest decimal place, if it has few digits in the decimal fraction that llguidance takes it for.
fn units(step: f64) -> Option<u32> {
    let mut digits = step;
    let mut places = 0;
    while digits.fract() != 0.0 {
        digits *= 10.0;
        places += 1;
        if places > MOST_PLACES {
            return None;
        }
    }
    let units = digits * 10_f64.powi(MOST_PLACES - places);
    (units <= LARGEST_STEP).then_some(units as u32)
}

/// Euclid's algorithm.
fn greatest_divisor(left: u32, right: u32) -> u32 {
    if right == 0 { left } else { greatest_divisor(right, left % right) }
}

fn invalid(reason: String) -> Error {
    Error::InvalidGrammar { notation: NOTATION, reason }
}
