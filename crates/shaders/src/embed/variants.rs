//! Variants of the kernels for embeddings.

use crate::format::WeightFormat;
use crate::kernel::Kernel;
use crate::layout::WeightLayout;
use crate::variant::{Choices, chosen, labels};

/// A variant of a kernel for embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EmbedVariant {
    /// `embed`, of a table in this layout.
    Embed(WeightLayout),
    /// `pool`.
    Pool {
        /// Sums are of subgroups first.
        subgroups: bool,
    },
}

impl EmbedVariant {
    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let pools = [false, true].map(|subgroups| Self::Pool { subgroups });
        pools.into_iter().chain(WeightFormat::ALL.into_iter().flat_map(WeightLayout::both).map(Self::Embed)).collect()
    }
}

impl Choices for EmbedVariant {
    fn kernel(&self) -> Kernel {
        match self {
            Self::Embed(_) => Kernel::Embed,
            Self::Pool { .. } => Kernel::Pool,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Embed(layout) => layout.label(),
            Self::Pool { subgroups } => labels(&[("-subgroups", *subgroups)]),
        }
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        match self {
            Self::Embed(layout) => layout.constants(32),
            Self::Pool { .. } => Vec::new(),
        }
    }

    fn defines(&self) -> Vec<&'static str> {
        match self {
            Self::Embed(layout) => layout.defines(),
            Self::Pool { subgroups } => chosen(&[("SUBGROUPS", *subgroups)]),
        }
    }

    fn import(&self, name: &str) -> Option<String> {
        self.weight()?.import(name)
    }

    fn subgroups(&self) -> bool {
        matches!(self, Self::Pool { subgroups: true })
    }

    fn weight(&self) -> Option<WeightLayout> {
        match self {
            Self::Embed(layout) => Some(*layout),
            Self::Pool { .. } => None,
        }
    }
}
