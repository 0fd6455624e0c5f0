//! Calls written as models of a format write them.

use serde_json::Value;

use super::format::OutputFormat;
use super::markers::Form;
use crate::chat::ToolCall;
use crate::{Result, Segment};

impl OutputFormat {
    /// True if [`Self::write`] knows the form of calls. Templates of all other formats write calls themselves.
    pub(crate) fn can_write(&self) -> bool {
        self.family.writing.is_some_and(|writing| matches!(writing.form, Form::Json(_) | Form::Named(_) | Form::Python))
    }

    /// An assistant's calls as the model would have written them. Control tokens count around calls, but not inside of them.
    ///
    /// # Errors
    /// As [`ToolCall::arguments`].
    pub(crate) fn write(&self, calls: &[ToolCall]) -> Result<Vec<Segment>> {
        let Some(writing) = self.family.writing else { return Ok(Vec::new()) };
        let trusted = |text: &str| Segment { text: text.to_owned(), trusted: true };
        let plain = |text: String| Segment { text, trusted: false };
        let mut segments = Vec::new();
        for (index, call) in calls.iter().enumerate() {
            let arguments = call.arguments()?;
            let json = || json_text(&Value::Object(arguments.clone()));
            segments.push(trusted(if index == 0 { writing.first } else { writing.between.unwrap_or("\n") }));
            match writing.form {
                Form::Json(key) => {
                    segments.push(plain(format!(
                        "{{\"name\": {}, \"{key}\": {}}}",
                        Value::from(call.name.as_str()),
                        json()
                    )));
                }
                Form::Named(separator) => {
                    segments.extend([plain(call.name.clone()), trusted(separator), plain(json())]);
                }
                Form::Python => {
                    let written = arguments.iter().map(|(key, value)| format!("{key}={}", python_text(value)));
                    segments.push(plain(format!("{}({})", call.name, written.collect::<Vec<_>>().join(", "))));
                }
                Form::Channel | Form::Tagged | Form::Gemma => {}
            }
        }
        segments.push(trusted(writing.last));
        Ok(segments)
    }
}

/// JSON with the spaces that Python's writer puts, which models are trained on.
fn json_text(value: &Value) -> String {
    spaced(value, &|scalar| scalar.to_string())
}

/// A literal of Python.
fn python_text(value: &Value) -> String {
    spaced(value, &|scalar| match scalar {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        scalar => scalar.to_string(),
    })
}

fn spaced(value: &Value, scalar: &dyn Fn(&Value) -> String) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|item| spaced(item, scalar)).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entry =
                |(key, value): (&String, &Value)| format!("{}: {}", Value::from(key.as_str()), spaced(value, scalar));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        value => scalar(value),
    }
}
