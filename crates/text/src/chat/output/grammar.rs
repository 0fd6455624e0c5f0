//! The grammar of an answer that must call a tool, in llguidance's variant of Lark
//! (<https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md>).

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::format::OutputFormat;
use super::literals::Literals;
use super::markers::Form;
use crate::chat::{ToolChoice, tool};

/// Any text, up to what follows.
pub(super) const TEXT: &str = "/(?s:.*)/";

/// White space in JSON: as much as an indented object needs, and bounded, since small models may write it for ever.
const WHITE_SPACE: &str = r"[\x20\x0A\x09]{1,32}";

/// The state of an answer before its first token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Beginning {
    /// Everything is still to come.
    Fresh,
    /// The template has opened the reasoning.
    InReasoning,
}

/// The grammar of an answer that calls those of `tools` that `choice` allows, several if `parallel` and the format has room for
/// them; `control` gives the control token of a text. `None` where nothing must be called or there is nothing to call.
pub(super) fn of_calls(
    format: OutputFormat,
    tools: &[Value],
    choice: &ToolChoice,
    parallel: bool,
    beginning: Beginning,
    control: &dyn Fn(&str) -> Option<u32>,
) -> Option<String> {
    let writing = format.family.writing?;
    let callable: Vec<(&str, &Value)> = tools
        .iter()
        .filter_map(|tool| Some((tool::name(tool)?, tool)))
        .filter(|(name, _)| match choice {
            ToolChoice::Auto | ToolChoice::None => false,
            ToolChoice::Required => true,
            ToolChoice::Function(wanted) => wanted == name,
        })
        .collect();
    if callable.is_empty() {
        return None;
    }
    let markers: Vec<(&str, u32)> = format.marker_texts().filter_map(|text| Some((text, control(text)?))).collect();
    let mut rules = Rules { text: String::new(), markers };
    let calls: Vec<String> = (0..callable.len()).map(|index| format!("call_{index}")).collect();
    let call = format!("({})", calls.join(" | "));
    let more = match writing.between.filter(|_| parallel) {
        Some(between) => format!("({} {call})*", rules.literal(between)),
        None => String::new(),
    };
    let prelude = prelude(format, writing.form, beginning, &mut rules);
    let (first, last) = (rules.literal(writing.first), rules.literal(writing.last));
    rules.add("start", &format!("{prelude} {first} {call} {more} {last}"));
    for (index, (name, tool)) in callable.into_iter().enumerate() {
        let body = body(writing.form, index, name, tool, &mut rules);
        rules.add(&format!("call_{index}"), &body);
    }
    Some(rules.text)
}

/// Reasoning before the calls: what the template opened must be closed, and otherwise the model may reason or not.
fn prelude(format: OutputFormat, form: Form, beginning: Beginning, rules: &mut Rules) -> String {
    if matches!(form, Form::Channel) {
        let thought = rules.text_until("<|end|>", "thought");
        let (open, next) = (rules.literal("<|channel|>analysis<|message|>"), rules.literal("<|start|>assistant"));
        return match beginning {
            Beginning::Fresh => format!("({open} {thought} {next})?"),
            Beginning::InReasoning => format!("{thought} {next}"),
        };
    }
    let Some(reasoning) = format.reasoning else { return String::new() };
    let thought = rules.text_until(reasoning.close, "thought");
    match beginning {
        Beginning::Fresh => format!("({} {thought} /[ \\n]{{0,4}}/)?", rules.literal(reasoning.open)),
        Beginning::InReasoning => format!("{thought} /[ \\n]{{0,4}}/"),
    }
}

/// One call of a tool.
fn body(form: Form, index: usize, name: &str, tool: &Value, rules: &mut Rules) -> String {
    let parameters = tool::parameters(tool).cloned().unwrap_or_else(none);
    let json = embedded(&parameters, &parameters);
    match form {
        Form::Json(key) => {
            let head = format!("{{\"name\": {}, \"{key}\": ", Value::from(name));
            format!("{} {json} {}", rules.literal(&head), rules.literal("}"))
        }
        Form::Named(separator) => format!("{} {json}", rules.literal(&format!("{name}{separator}"))),
        Form::Channel => {
            let header = format!("<|channel|>commentary to=functions.{name} <|constrain|>json<|message|>");
            format!("{} {json}", rules.literal(&header))
        }
        Form::Tagged => tagged(index, name, &parameters, rules),
        Form::Gemma => Literals::gemma(index).call(name, &parameters, rules),
        Form::Python => Literals::python(index).call(name, &parameters, rules),
    }
}

/// The schema of a tool without parameters.
fn none() -> Value {
    json!({ "type": "object", "properties": {}, "additionalProperties": false })
}

/// A call in tags.
fn tagged(index: usize, name: &str, parameters: &Value, rules: &mut Rules) -> String {
    let end = "\n</parameter>\n";
    let mut call = rules.literal(&format!("<function={name}>\n"));
    for (number, (key, schema)) in properties(parameters).enumerate() {
        let open = rules.literal(&format!("<parameter={key}>\n"));
        let types = tool::types(schema, Some(parameters));
        let texts: Option<Vec<&str>> =
            schema.get("enum").and_then(Value::as_array).and_then(|all| all.iter().map(Value::as_str).collect());
        let value = match texts {
            Some(texts) if !texts.is_empty() => {
                let texts: Vec<String> = texts.into_iter().map(|text| rules.literal(text)).collect();
                format!("({}) {}", texts.join(" | "), rules.literal(end))
            }
            _ if types.string || !types.other => rules.text_until(end, &format!("text_{index}_{number}")),
            _ => format!("{} {}", embedded(schema, parameters), rules.literal(end)),
        };
        let optional = if is_required(parameters, key) { "" } else { "?" };
        // Writing to a string can't fail.
        let _ = write!(call, " ({open} {value}){optional}");
    }
    format!("{call} {}", rules.literal("</function>"))
}

/// The parameters of a tool, in the order of its schema.
pub(super) fn properties(parameters: &Value) -> impl Iterator<Item = (&String, &Value)> {
    parameters.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// True if a call must have the parameter `key`.
pub(super) fn is_required(parameters: &Value, key: &str) -> bool {
    let required = parameters.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|name| name == key))
}

/// The JSON of `schema`, the tool's `parameters` or a part of them, with the definitions that it may refer to.
fn embedded(schema: &Value, parameters: &Value) -> String {
    let mut all: Map<String, Value> = schema.as_object().cloned().unwrap_or_default();
    for key in ["$defs", "definitions"] {
        if let Some(definitions) = parameters.get(key) {
            all.entry(key).or_insert_with(|| definitions.clone());
        }
    }
    all.insert("x-guidance".to_owned(), json!({ "whitespace_pattern": WHITE_SPACE }));
    format!("%json {}", Value::Object(all))
}

/// The rules of a grammar under way.
pub(super) struct Rules<'format> {
    text: String,
    /// The texts that are control tokens.
    markers: Vec<(&'format str, u32)>,
}

impl Rules<'_> {
    /// Adds a rule.
    pub(super) fn add(&mut self, name: &str, body: &str) {
        let _ = writeln!(self.text, "{name}: {}", body.trim());
    }

    /// A text, in which control tokens are themselves.
    pub(super) fn literal(&self, text: &str) -> String {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let places =
                self.markers.iter().filter_map(|(marker, token)| Some((rest.find(marker)?, marker.len(), token)));
            // The first, and of several there the longest.
            let next = places.min_by_key(|(at, length, _)| (*at, usize::MAX - length));
            let (at, length) = next.map_or((rest.len(), 0), |(at, length, _)| (at, length));
            if at > 0 {
                parts.push(quoted(&rest[..at]));
            }
            parts.extend(next.map(|(.., token)| format!("<[{token}]>")));
            rest = &rest[at + length..];
        }
        parts.join(" ")
    }

    /// Any text up to and with `end`; `name` is that of a rule for it.
    pub(super) fn text_until(&mut self, end: &str, name: &str) -> String {
        let literal = self.literal(end);
        if literal.starts_with("<[") {
            return format!("{TEXT} {literal}");
        }
        self.add(&format!("{name}[suffix={literal}]"), TEXT);
        name.to_owned()
    }
}

/// A text as Lark writes it: as JSON, but for DEL.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
