//! The metrics of an engine, and the timeline of each request.

mod histogram;
mod latency;
mod outcome;
mod timeline;
mod window;

pub use latency::Latency;
pub use outcome::Outcome;
pub use timeline::Timeline;
