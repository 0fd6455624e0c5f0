//! Chat templates: messages to the prompt that a model was trained on.
//!
//! Templates are Jinja as Hugging Face renders them: blocks are trimmed, Python's string and dictionary methods work, and
//! `raise_exception` and `strftime_now` are there
//! (<https://huggingface.co/docs/transformers/chat_templating_writing>).

use std::fmt::Write as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, ErrorKind, Value, context};
use serde::Deserialize;
use wgslm_formats::gguf::Metadata;

use crate::Tokenizer;
use crate::{Error, Result};

const NAME: &str = "chat_template";

/// What a template may cost, in minijinja's unit (about one instruction or 64 bytes): enough for megabytes of messages,
/// and it ends a template that would loop for hours.
const FUEL: u64 = 20_000_000;

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks: `system`, `user`, `assistant`, or what else the template knows.
    pub role: String,
    /// What is said.
    pub content: String,
}

impl Message {
    /// A message of `role` that says `content`.
    #[must_use]
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into() }
    }
}

/// What of `tokenizer_config.json` is read here.
#[derive(Deserialize)]
struct Config {
    chat_template: Option<ConfiguredTemplate>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ConfiguredTemplate {
    One(String),
    Several(Vec<NamedTemplate>),
}

#[derive(Deserialize)]
struct NamedTemplate {
    name: String,
    template: String,
}

/// The chat template of a model.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    bos_token: String,
    eos_token: String,
}

impl ChatTemplate {
    /// The template of `tokenizer.chat_template`, if the model has one.
    ///
    /// # Errors
    /// As [`Self::new`], and [`InvalidMetadata`](wgslm_formats::Error::InvalidMetadata) where the key holds no text.
    pub fn from_metadata(metadata: &Metadata, tokenizer: &Tokenizer) -> Result<Option<Self>> {
        metadata.str("tokenizer.chat_template")?.map(|source| Self::for_tokenizer(source, tokenizer)).transpose()
    }

    /// The template of a `tokenizer_config.json`, whose contents `config` are, if it has one. Of several, it is the one named
    /// `default`. Where a folder has a `chat_template.jinja`, that takes precedence: give its text to [`Self::new`].
    ///
    /// # Errors
    /// As [`Self::new`], and [`Error::ChatTemplate`] where the configuration can't be read.
    pub fn from_config(config: &[u8], tokenizer: &Tokenizer) -> Result<Option<Self>> {
        let config: Config = serde_json::from_slice(config)
            .map_err(|error| Error::ChatTemplate { reason: format!("tokenizer_config.json: {error}") })?;
        let source = match &config.chat_template {
            Some(ConfiguredTemplate::One(source)) => Some(source),
            Some(ConfiguredTemplate::Several(templates)) => {
                templates.iter().find(|template| template.name == "default").map(|template| &template.template)
            }
            None => None,
        };
        source.map(|source| Self::for_tokenizer(source, tokenizer)).transpose()
    }

    /// As [`Self::new`], with the tokens of `tokenizer`.
    pub(crate) fn for_tokenizer(source: &str, tokenizer: &Tokenizer) -> Result<Self> {
        let text = |token: Option<u32>| token.and_then(|token| tokenizer.token_text(token)).unwrap_or_default();
        Self::new(source, text(tokenizer.bos()), text(tokenizer.eos()))
    }

    /// Compiles the Jinja template `source`, which sees the texts of the BOS and EOS tokens.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] with the line of a syntax error.
    pub fn new(source: &str, bos_token: &str, eos_token: &str) -> Result<Self> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
        environment.set_syntax(syntax);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", raise_exception);
        environment.add_function("strftime_now", strftime_now);
        environment.add_filter("tojson", tojson);
        environment.add_template_owned(NAME, source.to_owned()).map_err(failed)?;
        Ok(Self { environment, bos_token: bos_token.to_owned(), eos_token: eos_token.to_owned() })
    }

    /// The prompt for `messages`; with `add_generation_prompt` it ends where the assistant's answer begins.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where the template fails or refuses the messages (`raise_exception`).
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String> {
        let messages: Vec<Value> = messages
            .iter()
            .map(|message| context! { role => message.role.as_str(), content => message.content.as_str() })
            .collect();
        let context = context! {
            messages,
            add_generation_prompt,
            bos_token => self.bos_token.as_str(),
            eos_token => self.eos_token.as_str(),
            // Templates ask whether these are none, not whether they are defined.
            tools => (),
            documents => (),
        };
        self.environment.get_template(NAME).and_then(|template| template.render(context)).map_err(failed)
    }
}

#[allow(clippy::needless_pass_by_value)] // The shape `map_err` wants.
fn failed(error: minijinja::Error) -> Error {
    Error::ChatTemplate { reason: error.to_string() }
}

fn raise_exception(message: String) -> std::result::Result<Value, minijinja::Error> {
    Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
}

fn strftime_now(format: &str) -> std::result::Result<String, minijinja::Error> {
    let mut text = String::new();
    match write!(text, "{}", chrono::Local::now().format(format)) {
        Ok(()) => Ok(text),
        Err(_) => Err(minijinja::Error::new(ErrorKind::InvalidOperation, format!("{format:?} is no date format"))),
    }
}

/// JSON as Hugging Face writes it: unlike Jinja's filter, it leaves `<`, `>`, `&` and `'` as they are.
fn tojson(value: &Value, indent: Option<Value>, options: Kwargs) -> std::result::Result<String, minijinja::Error> {
    // Python's other options (ensure_ascii, sort_keys, separators) change nothing about these values.
    let escaped = minijinja::filters::tojson(value, indent, options)?.to_string();
    let mut text = String::with_capacity(escaped.len());
    let mut rest = escaped.as_str();
    while let Some(start) = rest.find('\\') {
        let (before, escape) = rest.split_at(start);
        let (character, length) = match escape.as_bytes() {
            [_, b'u', b'0', b'0', b'3', b'c', ..] => (Some('<'), 6),
            [_, b'u', b'0', b'0', b'3', b'e', ..] => (Some('>'), 6),
            [_, b'u', b'0', b'0', b'2', b'6', ..] => (Some('&'), 6),
            [_, b'u', b'0', b'0', b'2', b'7', ..] => (Some('\''), 6),
            _ => (None, escape.len().min(2)),
        };
        text.push_str(before);
        match character {
            Some(character) => text.push(character),
            None => text.push_str(&escape[..length]),
        }
        rest = &escape[length..];
    }
    text.push_str(rest);
    Ok(text)
}
