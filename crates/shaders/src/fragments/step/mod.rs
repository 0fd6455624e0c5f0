//! The content of a step: its tokens, and the outputs asked of it.

mod rows;

pub use rows::{BLOCK_TOKENS, Output, Row};
