//! Mixtures of experts: which experts a token goes to, and the sum of what they make of it.

mod mix_experts_launch;
mod mix_experts_reference;
mod route_launch;
mod route_reference;
mod variants;

pub use mix_experts_launch::MixExperts;
pub use route_launch::Route;
pub use variants::ExpertsVariant;
