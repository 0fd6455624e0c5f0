//! The tokenizers: SmolLM2's and Gemma's against llama.cpp's token ids and back to text, small ones for the rules that these
//! leave open, and chat templates.

mod chat_prompt;
mod chat_template;
mod chat_template_golden;
mod chat_tools;
mod decoding;
mod encoding;
mod fill_in_middle;
mod json;
mod llama_cpp;
mod metadata;
mod model;
mod oracle;
mod sentence_piece;
mod special_tokens;
mod word_piece;

use wgslm_testing::allocation::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
