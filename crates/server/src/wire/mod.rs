//! The shapes of OpenAI's responses.

mod chat;
mod completion;
mod format;
mod head;
mod logprobs;
mod response_input;
mod response_stream;
mod responses;
mod usage;

pub(crate) use chat::{ChatFields, ChatWriter, prepared};
pub(crate) use completion::CompletionWriter;
pub(crate) use format::ResponseFormat;
pub(crate) use head::{Head, id};
pub(crate) use logprobs::{completion_logprobs, entry};
pub(crate) use response_input::ResponseFields;
pub(crate) use response_stream::ResponseWriter;
pub(crate) use usage::{timings, usage};
