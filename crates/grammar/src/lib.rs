//! Grammars that an answer must follow.
//!
//! A [`Compiler`] is made once a model, from its [`Vocabulary`]. It turns a [`Grammar`] (a JSON Schema, a regular expression, Lark,
//! GBNF) into a [`Constraint`], which says after every token which tokens may come next. llguidance does the parsing.

mod answer;
mod compiler;
mod effort;
pub mod error;
pub mod gbnf;
mod grammar;
mod json;
mod lark;
mod limits;
mod tools;
mod vocabulary;
#[cfg(target_arch = "wasm32")]
mod web;

pub use compiler::Compiler;
pub use error::{Error, Result};
pub use grammar::{Grammar, Whitespace};
pub use limits::Limits;
pub use tools::{Tool, ToolCalls};
pub use vocabulary::{Tokenise, Vocabulary};
pub use wgslm_text::Constraint;
