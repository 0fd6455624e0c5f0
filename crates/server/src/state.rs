//! What the requests of a server share.

use std::sync::Arc;

use crate::ServerOptions;
use crate::access::Keys;
use crate::inference::Inference;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::shutdown::Work;

/// What the requests of a server share.
pub(crate) struct Shared {
    pub(crate) options: ServerOptions,
    pub(crate) keys: Keys,
    pub(crate) registry: Arc<Registry>,
    pub(crate) inference: Inference,
    pub(crate) metrics: Metrics,
    pub(crate) work: Arc<Work>,
}

pub(crate) type State = Arc<Shared>;
