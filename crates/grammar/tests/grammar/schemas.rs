//! The JSON Schemas under test, what is made of them at random, and whether a text is an answer to one.

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use wgslm_testing::random::Random;

/// The schemas that were written by hand, from types alone to what applications ask for.
pub(crate) fn written() -> Vec<Value> {
    serde_json::from_str(include_str!("../schemas.json")).unwrap()
}

/// Checks that a text is JSON that a schema accepts.
pub(crate) fn check(schema: &Value, text: &str) -> Result<(), String> {
    let answer: Value = match serde_json::from_str(text) {
        Ok(answer) => answer,
        // JSON without bounds allows 1e999, which serde_json has no number for.
        Err(error) if error.to_string().starts_with("number out of range") => return Ok(()),
        Err(error) => return Err(format!("{error}: {text} for {schema}")),
    };
    validator(schema).validate(&answer).map_err(|error| format!("{error}: {text} for {schema}"))
}

/// A validator of a schema, formats included.
fn validator(schema: &Value) -> Validator {
    let mut options = jsonschema::options().should_validate_formats(true);
    // llguidance writes leap seconds at any minute, and 29 February in any year.
    for format in ["date", "time", "date-time"] {
        let lenient = jsonschema::options().should_validate_formats(true).build(&json!({"format": format})).unwrap();
        options = options.with_format(format, move |text: &str| {
            lenient.is_valid(&text.replace("-02-29", "-02-28").replace(":60", ":59").into())
        });
    }
    options.build(schema).unwrap_or_else(|error| panic!("{error} in {schema}"))
}

/// A schema of at most this depth.
pub(crate) fn random(random: &mut Random, depth: usize) -> Value {
    // A list of `leaf` schemas that every level may refer to.
    let definitions: Map<_, _> = (0..2).map(|number| (format!("leaf{number}"), leaf(random))).collect();
    let mut schema = branch(random, depth);
    if let Value::Object(schema) = &mut schema {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    schema
}

fn branch(random: &mut Random, depth: usize) -> Value {
    if depth == 0 {
        return if random.below(3) == 0 { reference(random) } else { leaf(random) };
    }
    let below = random.below(depth);
    match random.below(6) {
        0..3 => object(random, below),
        3 => {
            let (least, more) = (random.below(3), random.below(3));
            json!({"type": "array", "items": branch(random, below), "minItems": least, "maxItems": least + more})
        }
        4 => {
            let items: Vec<_> = (0..=random.below(3)).map(|_| branch(random, below)).collect();
            json!({"type": "array", "minItems": items.len(), "prefixItems": items, "items": false})
        }
        _ => {
            let options: Vec<_> = (0..=random.below(3)).map(|_| branch(random, below)).collect();
            json!({"anyOf": options})
        }
    }
}

fn object(random: &mut Random, depth: usize) -> Value {
    let names = ["a", "b", "name", "a b", "é", "\"quoted\"", "ab"];
    let count = 1 + random.below(names.len());
    let start = random.below(names.len());
    let names = (0..count).map(|index| names[(start + index) % names.len()]);
    let properties: Map<_, _> = names.map(|name| (name.to_owned(), branch(random, depth))).collect();
    let required: Vec<_> = properties.keys().filter(|_| random.below(2) == 0).cloned().collect();
    let additional = [json!(false), json!(true), leaf(random)][random.below(3)].clone();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": additional})
}

fn reference(random: &mut Random) -> Value {
    json!({"$ref": format!("#/$defs/leaf{}", random.below(2))})
}

fn leaf(random: &mut Random) -> Value {
    let low = random.below(2000) as i64 - 1000;
    let high = low + random.below(500) as i64;
    match random.below(9) {
        0 => json!({"type": "string", "maxLength": random.below(12)}),
        1 => json!({"type": "integer", "minimum": low, "maximum": high}),
        2 => json!({"type": "number", "minimum": low as f64 / 8.0, "maximum": high as f64 / 4.0 + 300.0}),
        3 => json!({"type": "boolean"}),
        4 => json!({"enum": [low, "low", null, [high]]}),
        5 => json!({"const": {"é": [low, "\n"]}}),
        6 => {
            let pattern = random.choose(&["^[a-c]{2}\\d?$", "^(left|right)$", "^[^\"]{1,3}$"]);
            json!({"type": "string", "pattern": pattern})
        }
        7 => json!({"type": "string", "format": random.choose(&["ipv4", "uuid", "email"])}),
        _ => json!({"type": ["null", "string"], "minLength": random.below(4)}),
    }
}
