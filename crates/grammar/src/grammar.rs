//! The grammars that an answer can be made to follow.

use llguidance::api::TopLevelGrammar;

use crate::{Error, Limits, Result, effort, gbnf, json, lark};

/// What an answer must match, from its first byte to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grammar {
    /// JSON that a JSON Schema (a JSON object or a boolean, as text) accepts, with properties in the order of the schema.
    JsonSchema {
        /// The schema.
        schema: String,
        /// The white space of the answer.
        whitespace: Whitespace,
    },
    /// Any JSON object.
    JsonObject {
        /// The white space of the answer.
        whitespace: Whitespace,
    },
    /// Text that a regular expression matches as a whole, in the syntax of Rust's `regex` crate without look-around.
    Regex(String),
    /// A grammar in llguidance's variant of Lark (<https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md>), whose first
    /// rule is `start`. `%json {...}` embeds a JSON Schema.
    Lark(String),
    /// A grammar in llama.cpp's notation (<https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md>), whose first rule is
    /// `root`; see [`gbnf`] for how its text is cut into terminals.
    Gbnf(String),
    /// One of these texts.
    Choice(Vec<String>),
}

/// The white space between the parts of a JSON answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whitespace {
    /// None: `{"a":[1,2]}`.
    Compact,
    /// Any, up to 64 characters at a place: as the model was trained to write it.
    #[default]
    Flexible,
}

impl Grammar {
    /// The notation, as error messages name it.
    pub(crate) fn notation(&self) -> &'static str {
        match self {
            Self::JsonSchema { .. } | Self::JsonObject { .. } => json::NOTATION,
            Self::Regex(_) => "regular expression",
            Self::Lark(_) => "Lark grammar",
            Self::Gbnf(_) => "GBNF grammar",
            Self::Choice(_) => "choice",
        }
    }

    fn text_bytes(&self) -> usize {
        match self {
            Self::JsonSchema { schema: text, .. } | Self::Regex(text) | Self::Lark(text) | Self::Gbnf(text) => {
                text.len()
            }
            Self::JsonObject { .. } => 0,
            Self::Choice(texts) => texts.iter().map(String::len).sum(),
        }
    }

    /// The grammar as llguidance reads it.
    pub(crate) fn lower(&self, limits: &Limits) -> Result<TopLevelGrammar> {
        let notation = self.notation();
        let bytes = self.text_bytes();
        if bytes > limits.text_bytes {
            let reason = format!("it has {bytes} bytes, and the limit is {}", limits.text_bytes);
            return Err(Error::GrammarTooComplex { notation, reason });
        }
        let invalid = |reason: String| Error::InvalidGrammar { notation, reason };
        Ok(match self {
            Self::JsonSchema { schema, whitespace } => {
                let schema =
                    serde_json::from_str(schema).map_err(|error| invalid(format!("it is no JSON: {error}")))?;
                TopLevelGrammar::from_json_schema(json::schema(schema, *whitespace)?)
            }
            Self::JsonObject { whitespace } => {
                let object = serde_json::json!({"type": "object"});
                TopLevelGrammar::from_json_schema(json::schema(object, *whitespace)?)
            }
            Self::Regex(regex) => {
                regex_syntax::parse(regex).map_err(|error| invalid(error.to_string()))?;
                effort::check(notation, [effort::of_regex(regex)])?;
                TopLevelGrammar::from_lark(format!("start: {}", lark::regex(regex)))
            }
            Self::Lark(text) => {
                lark::check(notation, text, limits)?;
                TopLevelGrammar::from_lark(text.clone())
            }
            Self::Gbnf(text) => {
                let text = gbnf::to_lark(text)?;
                lark::check(notation, &text, limits)?;
                TopLevelGrammar::from_lark(text)
            }
            Self::Choice(texts) if texts.is_empty() => return Err(invalid("it has no text to choose".to_owned())),
            Self::Choice(texts) => {
                let texts: Vec<_> = texts.iter().map(|text| regex_syntax::escape(text)).collect();
                TopLevelGrammar::from_lark(format!("start: {}", lark::regex(&texts.join("|"))))
            }
        })
    }
}
