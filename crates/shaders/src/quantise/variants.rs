//! Variants of the kernels that quantise.

use crate::encoding::Encoding;
use crate::format::WeightFormat;
use crate::kernel::Kernel;
use crate::layout::WeightLayout;
use crate::variant::Choices;

/// A variant of a kernel that quantises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QuantiseVariant {
    /// `quantise`, of activations to this encoding.
    Quantise(Encoding),
    /// `quantise_weights`, to one of [`WeightFormat::QUANTISED_HERE`] in this layout.
    QuantiseWeights(WeightLayout),
}

impl QuantiseVariant {
    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let weights = WeightFormat::QUANTISED_HERE.into_iter().flat_map(WeightLayout::both);
        Encoding::ALL.map(Self::Quantise).into_iter().chain(weights.map(Self::QuantiseWeights)).collect()
    }
}

impl Choices for QuantiseVariant {
    fn kernel(&self) -> Kernel {
        match self {
            Self::Quantise(_) => Kernel::Quantise,
            Self::QuantiseWeights(_) => Kernel::QuantiseWeights,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Quantise(encoding) => format!("-{}", encoding.name()),
            Self::QuantiseWeights(layout) => layout.label(),
        }
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        match self {
            Self::Quantise(encoding) => encoding.constants().to_vec(),
            Self::QuantiseWeights(layout) => layout.constants(32),
        }
    }

    fn defines(&self) -> Vec<&'static str> {
        match self {
            Self::Quantise(encoding) => encoding.defines().to_vec(),
            Self::QuantiseWeights(layout) => layout.defines(),
        }
    }

    fn import(&self, name: &str) -> Option<String> {
        match self {
            Self::Quantise(encoding) => encoding.import(name),
            Self::QuantiseWeights(layout) => layout.import(name),
        }
    }

    fn weight(&self) -> Option<WeightLayout> {
        match self {
            Self::Quantise(_) => None,
            Self::QuantiseWeights(layout) => Some(*layout),
        }
    }
}
