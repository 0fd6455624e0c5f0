//! Chats in the shape of OpenAI's API: messages with parts, reasoning and tool calls, the tools and settings of a request, and the
//! message that an answer becomes (<https://platform.openai.com/docs/api-reference/chat>).

mod answer;
mod conversation;
mod message;
pub(crate) mod output;
mod tool;
mod tool_call;

pub use answer::{Answer, ChatFinishReason};
pub use conversation::{Conversation, ToolChoice};
pub use message::{Content, Message, Part};
pub use output::{ChatParser, Delta, OutputFormat};
pub use tool_call::ToolCall;
