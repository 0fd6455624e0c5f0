//! The interface to JavaScript: conversions, no logic. The TypeScript package wraps it in a worker.
//!
//! Methods that wait take `&self`, since JavaScript may call another (a cancel) meanwhile. Those of a session don't: the package
//! makes its calls one after the other.

mod abort;
mod beams;
mod chat;
mod complete;
mod constraint;
mod error;
mod generation;
mod generation_options;
mod gpu;
mod load_times;
mod loader;
mod logprobs;
mod model;
mod planner;
mod prompt;
mod session;
mod summary;
mod tokenizer;

use wasm_bindgen::prelude::*;

/// Runs when the module is instantiated: writes the message of a panic, which is a bug in this crate, to the console, since the
/// trap that follows has no message.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| error::log(&info.to_string())));
}
