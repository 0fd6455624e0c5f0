//! Chat templates, which render messages as the prompt format that a model was trained on.
//!
//! Templates are Jinja as Hugging Face renders them: blocks are trimmed, Python's methods, operators and ways to write values
//! work, and `raise_exception` and `strftime_now` are there (<https://huggingface.co/docs/transformers/chat_templating_writing>).
//! Unsupported constructs give an error that names them.
//!
//! Messages are plain text: control tokens that they spell are distinguished from those that the template writes (`marks`).

mod arguments;
mod calls;
mod container_methods;
mod dictionary;
mod environment;
mod expression;
mod filters;
mod json;
mod marks;
mod number_filters;
mod objects;
mod printf;
mod python_text;
mod source;
mod statement;
mod string_methods;
mod strings;
mod style;
mod tag;

use std::sync::OnceLock;

use minijinja::{Environment, Value};
use serde::Deserialize;
use wgslm_formats::gguf::Metadata;

pub(crate) use style::Style;

use crate::chat::{Conversation, Message, OutputFormat};
use crate::tokenizer::control_texts::ControlTexts;
use crate::{Error, Prompt, Result, Tokenizer};

const NAME: &str = "chat_template";

/// The keys of `tokenizer_config.json` that are read here.
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
    source: String,
    style: OnceLock<Style>,
    control_texts: ControlTexts,
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

    /// The template in the contents `config` of a `tokenizer_config.json` or `chat_template.json`, if it has one; of several, the
    /// one named `default`. A `chat_template.jinja` in the same folder takes precedence: give its text to [`Self::new`].
    ///
    /// # Errors
    /// As [`Self::new`], and [`Error::ChatTemplate`] where the configuration can't be read.
    pub fn from_config(config: &[u8], tokenizer: &Tokenizer) -> Result<Option<Self>> {
        let config: Config = serde_json::from_slice(config)
            .map_err(|error| Error::ChatTemplate { reason: format!("its JSON file can't be read: {error}") })?;
        let source = match &config.chat_template {
            Some(ConfiguredTemplate::One(source)) => Some(source),
            Some(ConfiguredTemplate::Several(templates)) => {
                templates.iter().find(|template| template.name == "default").map(|template| &template.template)
            }
            None => None,
        };
        source.map(|source| Self::for_tokenizer(source, tokenizer)).transpose()
    }

    /// Compiles `source` with the BOS and EOS tokens of `tokenizer`.
    pub(crate) fn for_tokenizer(source: &str, tokenizer: &Tokenizer) -> Result<Self> {
        let text = |token: Option<u32>| token.and_then(|token| tokenizer.token_text(token)).unwrap_or_default();
        let template = Self::new(source, text(tokenizer.bos()), text(tokenizer.eos()))?;
        Ok(Self { control_texts: tokenizer.control_texts()?, ..template })
    }

    /// Compiles the Jinja template `source`, which is given the texts of the BOS and EOS tokens. Only these two are control
    /// tokens, which a message can't write.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] with the line of a syntax error.
    pub fn new(source: &str, bos_token: &str, eos_token: &str) -> Result<Self> {
        Ok(Self {
            environment: environment::with_template(source).map_err(failed)?,
            source: source.to_owned(),
            style: OnceLock::new(),
            control_texts: ControlTexts::new([bos_token, eos_token].into_iter())?,
            bos_token: bos_token.to_owned(),
            eos_token: eos_token.to_owned(),
        })
    }

    /// The prompt for `messages`; with `add_generation_prompt` it ends where the assistant's answer begins.
    ///
    /// # Errors
    /// As [`Self::render_conversation`].
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<Prompt> {
        let messages = messages.to_vec();
        self.render_conversation(&Conversation { messages, add_generation_prompt, ..Conversation::default() })
    }

    /// The prompt for a conversation with tools, documents and other variables of the template.
    ///
    /// Contents and the arguments of calls are given in the form that the template writes: texts or parts, mappings or JSON.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`] where the template fails or refuses the messages (`raise_exception`);
    /// [`Error::UnsupportedContent`] and [`Error::ToolArguments`] where a message can't be given to it.
    pub fn render_conversation(&self, conversation: &Conversation) -> Result<Prompt> {
        let style = self.style.get_or_init(|| Style::of(self, &self.source));
        let variables = conversation.variables(style)?;
        let format = self.output_format();
        let now = chrono::Local::now();
        let render = |variables: &marks::Variables| {
            marks::render(variables, &self.control_texts, |variables| self.run_at(variables, now))
        };
        let mut marked = conversation.clone();
        match (!style.writes_calls).then(|| calls::mark(&mut marked.messages, &variables, format)).flatten() {
            Some(sign) => {
                let prompt = render(&marked.variables(style)?)?;
                calls::replace(&prompt, sign, &conversation.messages, format)
            }
            None => render(&variables),
        }
    }

    /// The template's Jinja source.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The format in which the model writes reasoning and tool calls, as far as the template shows it.
    #[must_use]
    pub fn output_format(&self) -> OutputFormat {
        OutputFormat::detect(&self.source)
    }

    /// The output for these variables.
    fn run(&self, variables: &marks::Variables) -> Result<String> {
        self.run_at(variables, chrono::Local::now())
    }

    fn run_at(&self, variables: &marks::Variables, now: chrono::DateTime<chrono::Local>) -> Result<String> {
        let given = variables.iter().map(|(name, value)| (name.as_str(), dictionary::value_of(value)));
        let own = [
            ("bos_token", Value::from(self.bos_token.as_str())),
            ("eos_token", Value::from(self.eos_token.as_str())),
            ("strftime_now", environment::strftime_now(now)),
        ];
        let context = Value::from_pairs(own.into_iter().chain(given));
        self.environment.get_template(NAME).and_then(|template| template.render(context)).map_err(failed)
    }
}

#[allow(clippy::needless_pass_by_value)] // The shape `map_err` wants.
fn failed(error: minijinja::Error) -> Error {
    Error::ChatTemplate { reason: error.to_string() }
}
