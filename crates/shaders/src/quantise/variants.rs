//! Variants of the kernels that quantise.

use crate::encoding::Encoding;
use crate::format::WeightFormat;
use crate::kernel::Kernel;
use crate::layout::WeightLayout;
use crate::variant::{Choices, chosen};

/// A variant of a kernel that quantises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QuantiseVariant {
    /// `quantise`, of activations.
    Quantise {
        /// The encoding.
        encoding: Encoding,
        /// What is encoded.
        input: QuantiseInput,
    },
    /// `quantise_weights`, to one of [`WeightFormat::QUANTISED_HERE`] in this layout.
    QuantiseWeights(WeightLayout),
}

/// The values that `quantise` encodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QuantiseInput {
    /// Those of each row.
    AsItIs,
    /// Those of each row times the weights of an RMS norm, whose sums of squares are left beside the codes.
    Norm,
    /// The same of the rows that the step's outputs name.
    GatheredNorm,
}

impl QuantiseVariant {
    /// `quantise`, of rows as they are.
    #[must_use]
    pub const fn plain(encoding: Encoding) -> Self {
        Self::Quantise { encoding, input: QuantiseInput::AsItIs }
    }

    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let weights = WeightFormat::QUANTISED_HERE.into_iter().flat_map(WeightLayout::both);
        let mut all: Vec<Self> = Encoding::ALL.map(Self::plain).to_vec();
        for encoding in [Encoding::Int8, Encoding::Int16] {
            let inputs = [QuantiseInput::Norm, QuantiseInput::GatheredNorm];
            all.extend(inputs.map(|input| Self::Quantise { encoding, input }));
        }
        all.extend(weights.map(Self::QuantiseWeights));
        all
    }
}

impl Choices for QuantiseVariant {
    fn kernel(&self) -> Kernel {
        match self {
            Self::Quantise { .. } => Kernel::Quantise,
            Self::QuantiseWeights(_) => Kernel::QuantiseWeights,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Quantise { encoding, input } => {
                let input = match input {
                    QuantiseInput::AsItIs => "",
                    QuantiseInput::Norm => "-norm",
                    QuantiseInput::GatheredNorm => "-norm-gather",
                };
                format!("-{}{input}", encoding.name())
            }
            Self::QuantiseWeights(layout) => layout.label(),
        }
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        match self {
            Self::Quantise { encoding, .. } => encoding.constants().to_vec(),
            Self::QuantiseWeights(layout) => layout.constants(32),
        }
    }

    fn defines(&self) -> Vec<&'static str> {
        match self {
            Self::Quantise { encoding, input } => {
                let mut defines = encoding.defines().to_vec();
                defines.extend(chosen(&[
                    ("NORM", *input != QuantiseInput::AsItIs),
                    ("GATHER", *input == QuantiseInput::GatheredNorm),
                ]));
                defines
            }
            Self::QuantiseWeights(layout) => layout.defines(),
        }
    }

    fn import(&self, name: &str) -> Option<String> {
        match self {
            Self::Quantise { encoding, .. } => encoding.import(name),
            Self::QuantiseWeights(layout) => layout.import(name),
        }
    }

    fn weight(&self) -> Option<WeightLayout> {
        match self {
            Self::Quantise { .. } => None,
            Self::QuantiseWeights(layout) => Some(*layout),
        }
    }
}
