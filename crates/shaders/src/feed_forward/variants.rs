//! Variants of `gate`.

use crate::encoding::Encoding;
use crate::kernel::Kernel;
use crate::variant::Choices;

/// A variant of `gate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GateVariant {
    /// The encoding of `y` for the matrix that multiplies it next; none for f32.
    pub encoding: Option<Encoding>,
}

impl GateVariant {
    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        [None].into_iter().chain(Encoding::ALL.map(Some)).map(|encoding| Self { encoding }).collect()
    }
}

impl Choices for GateVariant {
    fn kernel(&self) -> Kernel {
        Kernel::Gate
    }

    fn label(&self) -> String {
        self.encoding.map_or_else(String::new, |encoding| format!("-{}", encoding.name()))
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        self.encoding.map_or_else(Vec::new, |encoding| encoding.constants().to_vec())
    }

    fn defines(&self) -> Vec<&'static str> {
        self.encoding.iter().flat_map(|encoding| encoding.defines()).collect()
    }

    fn import(&self, name: &str) -> Option<String> {
        self.encoding?.import(name)
    }
}
