//! The tokenizer: SmolLM2's against llama.cpp's token ids and back to text, small ones for the rules that it leaves open, and
//! chat templates.

mod chat_template;
mod decoding;
mod encoding;
mod metadata;
mod model;
#[path = "../support/mod.rs"]
mod support;

use support::allocation::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
