//! The content of a step: its tokens, and the outputs asked of it.

mod token;

pub use token::{BLOCK_TOKENS, Bias, Output, Token};
