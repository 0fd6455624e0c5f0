//! Variants of the kernels for mixtures of experts: one each.

use crate::kernel::Kernel;
use crate::variant::Choices;

/// A kernel for mixtures of experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExpertsVariant {
    /// `route`.
    Route,
    /// `mix_experts`.
    MixExperts,
}

impl ExpertsVariant {
    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![Self::Route, Self::MixExperts]
    }
}

impl Choices for ExpertsVariant {
    fn kernel(&self) -> Kernel {
        match self {
            Self::Route => Kernel::Route,
            Self::MixExperts => Kernel::MixExperts,
        }
    }
}
