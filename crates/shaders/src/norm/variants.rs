//! Variants of the norms.

use crate::encoding::Encoding;
use crate::kernel::Kernel;
use crate::variant::{Choices, chosen, labels};

/// A variant of a norm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NormVariant {
    /// `norm`.
    Norm {
        /// Sums are of subgroups first.
        subgroups: bool,
        /// Rows are those that the step's outputs name.
        gather: bool,
        /// The encoding of `y` for the matrix that multiplies it next; none for f32.
        encoding: Option<Encoding>,
    },
    /// `norm_heads`.
    NormHeads {
        /// Sums are of subgroups first.
        subgroups: bool,
    },
}

impl NormVariant {
    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for subgroups in [false, true] {
            all.push(Self::NormHeads { subgroups });
            for gather in [false, true] {
                let encodings = [None].into_iter().chain(Encoding::ALL.map(Some));
                all.extend(encodings.map(|encoding| Self::Norm { subgroups, gather, encoding }));
            }
        }
        all
    }

    /// True where rows are those that the step's outputs name.
    #[must_use]
    pub const fn gather(&self) -> bool {
        matches!(self, Self::Norm { gather: true, .. })
    }

    /// The encoding of `y` for the matrix that multiplies it next; none for f32.
    #[must_use]
    pub const fn encoding(&self) -> Option<Encoding> {
        match *self {
            Self::Norm { encoding, .. } => encoding,
            Self::NormHeads { .. } => None,
        }
    }
}

impl Choices for NormVariant {
    fn kernel(&self) -> Kernel {
        match self {
            Self::Norm { .. } => Kernel::Norm,
            Self::NormHeads { .. } => Kernel::NormHeads,
        }
    }

    fn label(&self) -> String {
        let encoding = self.encoding().map_or_else(String::new, |encoding| format!("-{}", encoding.name()));
        labels(&[("-subgroups", self.subgroups()), ("-gather", self.gather())]) + &encoding
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        match self {
            Self::Norm { encoding: Some(encoding), .. } => encoding.constants().to_vec(),
            Self::Norm { encoding: None, .. } => vec![Encoding::QUADS],
            Self::NormHeads { .. } => Vec::new(),
        }
    }

    fn defines(&self) -> Vec<&'static str> {
        let mut defines = chosen(&[("SUBGROUPS", self.subgroups()), ("GATHER", self.gather())]);
        defines.extend(self.encoding().iter().flat_map(|encoding| encoding.defines()));
        defines
    }

    fn import(&self, name: &str) -> Option<String> {
        self.encoding()?.import(name)
    }

    fn subgroups(&self) -> bool {
        matches!(self, Self::Norm { subgroups: true, .. } | Self::NormHeads { subgroups: true })
    }
}
