//! Models: how one is loaded, and what the server keeps beside its engine.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use wgslm::engine::Engine;

use crate::admission::Admission;
use crate::grammars::Grammars;

/// The reason for which a model can't be loaded.
pub type LoadError = Box<dyn std::error::Error + Send + Sync>;

/// A model that can be loaded, under a name.
#[derive(Clone)]
pub struct ModelSource {
    /// The name that requests ask for.
    pub name: String,
    /// The bytes of its files: about what it takes on the device.
    pub bytes: u64,
    /// Loads it, on a thread of its own. The engine's slots and queue should be those of the
    /// [options](crate::ServerOptions).
    pub load: Arc<dyn Fn() -> Result<Engine, LoadError> + Send + Sync>,
}

impl std::fmt::Debug for ModelSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, bytes, .. } = self;
        formatter.debug_struct("ModelSource").field("name", name).field("bytes", bytes).finish_non_exhaustive()
    }
}

/// A model that is loaded.
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) engine: Engine,
    pub(crate) grammars: Grammars,
    pub(crate) admission: Admission,
    /// The turn of embeddings and scores, which wait for no slot.
    pub(crate) pooling: Mutex<()>,
}

impl Model {
    pub(crate) fn new(name: &str, engine: Engine, places: u32) -> Self {
        Self {
            name: name.to_owned(),
            engine,
            grammars: Grammars::default(),
            admission: Admission::new(places),
            pooling: Mutex::new(()),
        }
    }
}

/// The seconds since 1970.
pub(crate) fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
