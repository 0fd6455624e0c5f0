//! Variants of the kernels that keep a sequence's state.

use crate::encoding::KvFormat;
use crate::kernel::Kernel;
use crate::variant::Choices;

/// A variant of a kernel that keeps a sequence's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateVariant {
    /// `rope_append`, with keys and values in this format.
    RopeAppend(KvFormat),
    /// `short_convolution`.
    ShortConvolution,
    /// `copy_blocks`.
    CopyBlocks,
}

impl StateVariant {
    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        KvFormat::ALL.map(Self::RopeAppend).into_iter().chain([Self::ShortConvolution, Self::CopyBlocks]).collect()
    }

    const fn kv(&self) -> Option<KvFormat> {
        match *self {
            Self::RopeAppend(kv) => Some(kv),
            Self::ShortConvolution | Self::CopyBlocks => None,
        }
    }
}

impl Choices for StateVariant {
    fn kernel(&self) -> Kernel {
        match self {
            Self::RopeAppend(_) => Kernel::RopeAppend,
            Self::ShortConvolution => Kernel::ShortConvolution,
            Self::CopyBlocks => Kernel::CopyBlocks,
        }
    }

    fn label(&self) -> String {
        self.kv().map_or("", KvFormat::label).to_owned()
    }

    fn import(&self, name: &str) -> Option<String> {
        self.kv()?.import(name)
    }
}
