//! Definitions of tools: their names, and the JSON schemas of their parameters.

use serde_json::Value;

/// The deepest nesting of references and alternatives that is looked into for a type.
const DEEPEST: usize = 16;

/// The function of a tool in OpenAI's form, or the tool itself where it is given bare.
pub(crate) fn function(tool: &Value) -> &Value {
    tool.get("function").unwrap_or(tool)
}

/// The name of a tool.
pub(crate) fn name(tool: &Value) -> Option<&str> {
    function(tool).get("name")?.as_str()
}

/// The tool of this name.
pub(crate) fn find<'tools>(tools: &'tools [Value], wanted: &str) -> Option<&'tools Value> {
    tools.iter().find(|tool| name(tool) == Some(wanted))
}

/// The JSON schema of a tool's parameters.
pub(crate) fn parameters(tool: &Value) -> Option<&Value> {
    function(tool).get("parameters").filter(|schema| schema.is_object())
}

/// The JSON schema of one parameter.
pub(crate) fn parameter<'tool>(tool: &'tool Value, name: &str) -> Option<&'tool Value> {
    parameters(tool)?.get("properties")?.get(name)
}

/// The types of JSON that a schema allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Types {
    /// True if a string is allowed.
    pub(crate) string: bool,
    /// True if anything else is allowed.
    pub(crate) other: bool,
}

/// The types that `schema`, a part of the tool's `parameters`, allows; both are false where it doesn't say.
pub(crate) fn types(schema: &Value, parameters: Option<&Value>) -> Types {
    let mut types = Types::default();
    collect(schema, parameters, DEEPEST, &mut types);
    types
}

fn collect(schema: &Value, parameters: Option<&Value>, depth: usize, types: &mut Types) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut add = |is_string: bool| if is_string { types.string = true } else { types.other = true };
    match schema.get("type") {
        Some(Value::String(name)) => add(name == "string"),
        Some(Value::Array(names)) => names.iter().for_each(|name| add(name == "string")),
        _ => {
            let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten().chain(schema.get("const"));
            listed.for_each(|value| add(value.is_string()));
        }
    }
    for alternatives in ["anyOf", "oneOf", "allOf"] {
        let alternatives = schema.get(alternatives).and_then(Value::as_array).into_iter().flatten();
        alternatives.for_each(|schema| collect(schema, parameters, depth, types));
    }
    let referred = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    if let Some(schema) = referred.and_then(|path| parameters?.pointer(path)) {
        collect(schema, parameters, depth, types);
    }
}
