//! The options of a server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::Address;

/// The options of a server. The default listens on the loopback interface only.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The address to listen on; port 0 takes any.
    pub address: Address,
    /// The longest time that a request waits for its model to be loaded.
    pub model_load_timeout: Duration,
    /// The longest time that an answer may take, its wait included.
    pub inference_timeout: Duration,
    /// The requests of a model that run at a time; the engine's slots.
    pub batch_size: u32,
    /// The requests of a model that wait while as many run as may; more are refused.
    pub queue_limit: u32,
    /// The most bytes of models on the device; as many as there are where absent.
    pub memory_limit: Option<u64>,
    /// The keys of which a request has to show one; none are needed where there are none.
    pub api_keys: Vec<String>,
    /// The origins whose pages may use the server; `*` is any.
    pub cors_origins: Vec<String>,
    /// The most bytes of a request's body.
    pub body_limit: usize,
    /// The time that running answers have once the server is told to stop.
    pub grace_period: Duration,
    /// The folder of files served at `/`.
    pub www: Option<PathBuf>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)).into(),
            model_load_timeout: Duration::from_secs(300),
            inference_timeout: Duration::from_secs(600),
            batch_size: 8,
            queue_limit: 64,
            memory_limit: None,
            api_keys: Vec::new(),
            cors_origins: Vec::new(),
            body_limit: 4 << 20,
            grace_period: Duration::from_secs(30),
            www: None,
        }
    }
}
