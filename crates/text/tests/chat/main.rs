//! Chats: messages in the form of OpenAI's API, what a template makes of them, and answers read back into messages.

mod families;
mod grammar;
mod malformed;
mod messages;
mod parser;
mod plain_text;
mod published;
mod streaming;
mod styles;
mod vocabulary;
