//! The grammar of answers that call tools.

use serde_json::Value;

use crate::{Error, Grammar, Result, Whitespace, json, lark};

/// A tool that a model may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The JSON Schema of its arguments, as text.
    pub parameters: String,
}

/// The way in which a model writes its calls: each a JSON object of a name and arguments, between two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCalls {
    /// The text before a call, such as `<tool_call>\n`.
    pub before: String,
    /// The text after a call, such as `\n</tool_call>`.
    pub after: String,
    /// The text between two calls, if an answer may have several.
    pub between: Option<String>,
    /// The key of the arguments: `arguments` or `parameters`. That of the name is `name`.
    pub arguments_key: String,
    /// The white space of the arguments. The rest of a call has none if it is compact, and otherwise a space after each colon and comma,
    /// as models are trained to write it.
    pub whitespace: Whitespace,
}

impl ToolCalls {
    /// The grammar of an answer that calls one of `tools`, or several of them.
    ///
    /// # Errors
    /// [`Error::InvalidGrammar`] without any tool, and for parameters that are no JSON Schema.
    pub fn grammar(&self, tools: &[Tool]) -> Result<Grammar> {
        if tools.is_empty() {
            return Err(invalid("there are none; name at least one".to_owned()));
        }
        let calls: Vec<_> = (0..tools.len()).map(|number| format!("call{number}")).collect();
        let calls = format!("({})", calls.join(" | "));
        let start = match &self.between {
            Some(between) => format!("{calls} ({} {calls})*", lark::string(between)),
            None => calls,
        };
        let mut text = format!("start: {start}\n");
        for (number, tool) in tools.iter().enumerate() {
            text.push_str(&format!("call{number}: {}\n", self.call(tool)?));
        }
        Ok(Grammar::Lark(text))
    }

    /// A call of one tool, in Lark.
    fn call(&self, tool: &Tool) -> Result<String> {
        let unusable = |reason: String| invalid(format!("the parameters of {:?} are unusable: {reason}", tool.name));
        let parameters = serde_json::from_str(&tool.parameters).map_err(|error| unusable(error.to_string()))?;
        let parameters = json::schema(parameters, self.whitespace)?;
        let (name, key) = (Value::from(tool.name.as_str()), Value::from(self.arguments_key.as_str()));
        let head = match self.whitespace {
            Whitespace::Compact => format!("{{\"name\":{name},{key}:"),
            Whitespace::Flexible => format!("{{\"name\": {name}, {key}: "),
        };
        let (before, after) =
            (lark::string(&format!("{}{head}", self.before)), lark::string(&format!("}}{}", self.after)));
        Ok(format!("{before} %json {parameters} {after}"))
    }
}

fn invalid(reason: String) -> Error {
    Error::InvalidGrammar { notation: "list of tools", reason }
}
