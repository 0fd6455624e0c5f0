//! The metrics of an engine.

mod histogram;
mod window;
