//! What JavaScript sees: conversions, no logic. The TypeScript package wraps this in a worker.
//!
//! Methods that wait take `&self`, since JavaScript may call another (a cancel) meanwhile.

mod error;
mod generation;
mod gpu;
mod loader;
mod model;

use wasm_bindgen::prelude::*;

/// Runs when the module is instantiated. A panic is a mistake in this crate; its message goes to the console, since the trap
/// that follows has none.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| error::log(&info.to_string())));
}
