//! The metrics of an engine: one registry of histograms, counters and gauges, in all and by feature, and a timeline of each request.

mod cost;
mod histogram;
mod latency;
mod outcome;
mod prometheus;
pub(crate) mod registry;
mod snapshot;
mod timeline;
mod usage;
mod window;

pub use cost::{Cost, Price, PricedTime};
pub use latency::Latency;
pub use outcome::Outcome;
pub use snapshot::{Distribution, MetricsSnapshot, UsageSnapshot};
pub use timeline::Timeline;
