//! Text to tokens and back.
//!
//! [`Tokenizer`] encodes, [`Detokenizer`] decodes a stream, [`StopMatcher`] watches that stream for stop strings, and
//! [`ChatTemplate`] writes messages as the prompt that a model was trained on. [`ChatParser`](chat::ChatParser) reads reasoning and
//! tool calls out of its answer. [`Constraint`] is what a generation needs of a grammar, and [`Beginning`] one for prompts that end within a word.

mod beginning;
pub mod chat;
mod chat_template;
mod constraint;
mod detokenizer;
pub mod error;
mod header;
mod ranking_template;
mod stop;
mod tokenizer;

pub use beginning::Beginning;
pub use chat::{Conversation, Message};
pub use chat_template::ChatTemplate;
pub use constraint::Constraint;
pub use detokenizer::Detokenizer;
pub use error::{Error, Result};
pub use ranking_template::RankingTemplate;
pub use stop::{StopMatcher, StopOutcome};
pub use tokenizer::{FillInMiddle, FillOrder, JsonReader, JsonTokenizer, Prompt, Segment, Special, Tokenizer};
