//! JSON Schemas as llguidance takes them.

use serde_json::{Map, Value, json};

use crate::Whitespace;

/// The key under which llguidance finds its options in a schema.
const OPTIONS: &str = "x-guidance";

/// White space in JSON, bounded, since small models may write it for ever.
const FLEXIBLE: &str = r"[\x20\x0A\x0D\x09]{1,64}";

/// The schema with the options for `whitespace`; any options of its own are replaced.
///
/// # Errors
/// The reason, where the value is no schema.
pub(crate) fn schema(schema: Value, whitespace: Whitespace) -> Result<Value, String> {
    let mut schema = match schema {
        Value::Object(schema) => schema,
        Value::Bool(true) => Map::new(),
        Value::Bool(false) => return Err("the schema `false` accepts nothing".to_owned()),
        other => return Err(format!("a schema is an object or a boolean, not {other}")),
    };
    let options = match whitespace {
        Whitespace::Compact => json!({"whitespace_flexible": false}),
        Whitespace::Flexible => json!({"whitespace_pattern": FLEXIBLE}),
    };
    schema.insert(OPTIONS.to_owned(), options);
    Ok(Value::Object(schema))
}
