//! Serves models over HTTP: OpenAI's API, some of llama-server's, probes and metrics.
//!
//! [`Server::bind`] listens; [`Server::run`] loads the first model and answers until it is told to stop. A model is something that
//! can be [loaded](ModelSource), under a name. HTTP has threads of its own, and so has inference, so that probes answer under load.

// That engines may be shared by threads is a long proof through the types of wgpu.
#![recursion_limit = "256"]

mod access;
mod admission;
mod answers;
mod api_error;
mod error;
mod fields;
mod grammars;
mod inference;
mod inputs;
mod listener;
mod metrics;
mod model;
mod options;
mod registry;
mod routes;
mod sampling;
mod server;
mod shutdown;
mod sse;
mod state;
mod wire;

pub use error::{Error, Result};
pub use listener::Address;
pub use model::{LoadError, ModelSource};
pub use options::ServerOptions;
pub use server::Server;
