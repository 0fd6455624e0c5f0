//! The grammar of arguments that aren't written as JSON: Python's keyword arguments and Gemma's notation, by the tool's schema.

use serde_json::Value;

use super::grammar::{Rules, is_required, properties, quoted};

/// The deepest nesting of a schema that shapes a value; any value may stand below.
const DEEPEST: u32 = 8;

/// A notation of arguments.
pub(super) struct Literals {
    /// The number of the call, which makes the names of its rules its own.
    index: usize,
    is_python: bool,
}

impl Literals {
    pub(super) fn python(index: usize) -> Self {
        Self { index, is_python: true }
    }

    pub(super) fn gemma(index: usize) -> Self {
        Self { index, is_python: false }
    }

    /// A call of the tool `name`.
    ///
    /// Arguments come in the order of the schema. A rule stands for those from each one on, where some came before and where none
    /// did, so that commas are right whichever are left out.
    pub(super) fn call(&self, name: &str, parameters: &Value, rules: &mut Rules) -> String {
        if self.index == 0 {
            self.add_values(rules);
        }
        let (open, close, sign) = if self.is_python { ("(", ")", "=") } else { ("{", "}", ":") };
        let all: Vec<(&String, &Value)> = properties(parameters).collect();
        for first in [true, false] {
            for (number, (key, schema)) in all.iter().enumerate() {
                let comma = if first { "" } else { self.comma() };
                let head = rules.literal(&format!("{comma}{key}{sign}"));
                let value = self.value(schema, DEEPEST);
                let mut body = format!("{head} {value} {}", self.rule(number + 1, false));
                if !is_required(parameters, key) {
                    body = format!("{body} | {}", self.rule(number + 1, first));
                }
                rules.add(&self.rule(number, first), &body);
            }
            rules.add(&self.rule(all.len(), first), "\"\"");
        }
        let (open, close) = (rules.literal(&format!("{name}{open}")), rules.literal(close));
        format!("{open} {} {close}", self.rule(0, true))
    }

    /// The name of the rule for the arguments from `number` on.
    fn rule(&self, number: usize, first: bool) -> String {
        format!("{}_{}_{number}", if first { "arguments" } else { "more" }, self.index)
    }

    fn comma(&self) -> &'static str {
        if self.is_python { ", " } else { "," }
    }

    /// The values of a schema.
    fn value(&self, schema: &Value, depth: u32) -> String {
        let Some(depth) = depth.checked_sub(1) else { return "value".to_owned() };
        let either = |all: Vec<String>| format!("({})", all.join(" | "));
        let listed = schema.get("enum").and_then(Value::as_array).cloned();
        if let Some(listed) = listed.or_else(|| Some(vec![schema.get("const")?.clone()])).filter(|all| !all.is_empty())
        {
            return match listed.iter().map(|value| self.constant(value)).collect() {
                Some(all) => either(all),
                None => "value".to_owned(),
            };
        }
        for alternatives in ["anyOf", "oneOf"] {
            if let Some(all) = schema.get(alternatives).and_then(Value::as_array).filter(|all| !all.is_empty()) {
                return either(all.iter().map(|schema| self.value(schema, depth)).collect());
            }
        }
        let of_type = |name: &str| match name {
            "string" => "string".to_owned(),
            "integer" => "INTEGER".to_owned(),
            "number" => "NUMBER".to_owned(),
            "boolean" => "boolean".to_owned(),
            "null" => "null".to_owned(),
            "array" => {
                let item = schema.get("items").map_or_else(|| "value".to_owned(), |items| self.value(items, depth));
                format!("(\"[\" ({item} ({} {item})*)? \"]\")", quoted(self.comma()))
            }
            "object" => "mapping".to_owned(),
            _ => "value".to_owned(),
        };
        match schema.get("type") {
            Some(Value::String(name)) => of_type(name),
            Some(Value::Array(names)) if !names.is_empty() => {
                either(names.iter().map(|name| of_type(name.as_str().unwrap_or_default())).collect())
            }
            _ => "value".to_owned(),
        }
    }

    /// A value as the notation writes it; `None` for lists and mappings.
    fn constant(&self, value: &Value) -> Option<String> {
        match value {
            // Gemma's quotes are tokens, and the rules know these.
            Value::String(text) if self.is_python => Some(quoted(&Value::from(text.as_str()).to_string())),
            Value::String(text) if text.is_empty() => Some("quote quote".to_owned()),
            Value::String(text) => Some(format!("quote {} quote", quoted(text))),
            Value::Number(number) => Some(quoted(&number.to_string())),
            Value::Bool(flag) => Some(quoted(self.name(if *flag { "true" } else { "false" }))),
            Value::Null => Some(quoted(self.name("null"))),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn name(&self, json: &'static str) -> &'static str {
        match json {
            "true" if self.is_python => "True",
            "false" if self.is_python => "False",
            "null" if self.is_python => "None",
            json => json,
        }
    }

    /// Adds the rules of any value.
    fn add_values(&self, rules: &mut Rules) {
        let comma = quoted(self.comma());
        rules.add("value", "string | NUMBER | boolean | null | list | mapping");
        rules.add("list", &format!("\"[\" (value ({comma} value)*)? \"]\""));
        rules.add("mapping", &format!("\"{{\" (pair ({comma} pair)*)? \"}}\""));
        rules.add("boolean", &format!("\"{}\" | \"{}\"", self.name("true"), self.name("false")));
        rules.add("null", &format!("\"{}\"", self.name("null")));
        rules.add("INTEGER", r"/-?(0|[1-9][0-9]*)/");
        rules.add("NUMBER", r"/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/");
        if self.is_python {
            rules.add("string", r#"/"([^"\\\n]|\\["\\nt])*"|'([^'\\\n]|\\['\\nt])*'/"#);
            rules.add("pair", "string \": \" value");
        } else {
            let quote = rules.literal("<|\"|>");
            rules.add("quote", &quote);
            let text = rules.text_until("<|\"|>", "quoted");
            rules.add("string", &format!("quote {text}"));
            rules.add("pair", "/[A-Za-z_][A-Za-z0-9_]*/ \":\" value");
        }
    }
}
