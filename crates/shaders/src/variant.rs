//! Which kernels there are, and in which variants.

use crate::format::{LANE_INTERLEAVE, WeightFormat};

/// A kernel: `wgsl/<name>.wgsl`, its parameters in `src/<name>.rs`, its reference in `src/cpu/<name>.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kernel {
    Add,
    Argmax,
    ArgmaxPartials,
    Attention,
    Embed,
    KvAppend,
    Matmul,
    MatmulRowPerLane,
    Matvec,
    RmsNorm,
    Rope,
    Swiglu,
    Truncate,
}

impl Kernel {
    /// Its name, that of its file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Argmax => "argmax",
            Self::ArgmaxPartials => "argmax_partials",
            Self::Attention => "attention",
            Self::Embed => "embed",
            Self::KvAppend => "kv_append",
            Self::Matmul => "matmul",
            Self::MatmulRowPerLane => "matmul_row_per_lane",
            Self::Matvec => "matvec",
            Self::RmsNorm => "rms_norm",
            Self::Rope => "rope",
            Self::Swiglu => "swiglu",
            Self::Truncate => "truncate",
        }
    }
}

/// How a weight lies in memory: its format and how many rows stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WeightLayout {
    /// The encoding.
    pub format: WeightFormat,
    /// Rows side by side: 1 or [`LANE_INTERLEAVE`].
    pub interleave: u32,
}

/// One expansion of a kernel. What a kernel doesn't vary by keeps its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variant {
    /// The kernel.
    pub kernel: Kernel,
    /// The layout of the weight it reads, if it reads one.
    pub weight: Option<WeightLayout>,
    /// Whether an invocation handles four tokens at a time rather than one (`matmul_row_per_lane`).
    pub tokens4: bool,
    /// Whether it reduces with subgroup operations.
    pub subgroups: bool,
    /// Whether its rows are chosen by the step's outputs (`rms_norm`).
    pub gather: bool,
}

impl Variant {
    /// The variant of `kernel` without any choice.
    #[must_use]
    pub const fn plain(kernel: Kernel) -> Self {
        Self { kernel, weight: None, tokens4: false, subgroups: false, gather: false }
    }

    /// The same, reading a weight of this layout.
    #[must_use]
    pub const fn weight(self, format: WeightFormat, interleave: u32) -> Self {
        Self { weight: Some(WeightLayout { format, interleave }), ..self }
    }

    /// The same, with four tokens at a time or one.
    #[must_use]
    pub const fn tokens4(self, tokens4: bool) -> Self {
        Self { tokens4, ..self }
    }

    /// The same, with or without subgroup operations.
    #[must_use]
    pub const fn subgroups(self, subgroups: bool) -> Self {
        Self { subgroups, ..self }
    }

    /// The same, with rows chosen by the outputs or not.
    #[must_use]
    pub const fn gather(self, gather: bool) -> Self {
        Self { gather, ..self }
    }

    /// Every variant there is. Each is expanded and validated when this crate is built.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = [
            Kernel::Add,
            Kernel::Argmax,
            Kernel::ArgmaxPartials,
            Kernel::KvAppend,
            Kernel::Rope,
            Kernel::Swiglu,
            Kernel::Truncate,
        ]
        .map(Self::plain)
        .to_vec();
        for subgroups in [false, true] {
            all.push(Self::plain(Kernel::Attention).subgroups(subgroups));
            for gather in [false, true] {
                all.push(Self::plain(Kernel::RmsNorm).subgroups(subgroups).gather(gather));
            }
        }
        for format in WeightFormat::ALL {
            for interleave in [1, LANE_INTERLEAVE] {
                all.push(Self::plain(Kernel::Embed).weight(format, interleave));
            }
            for subgroups in [false, true] {
                all.push(Self::plain(Kernel::Matvec).weight(format, 1).subgroups(subgroups));
            }
            all.push(Self::plain(Kernel::Matmul).weight(format, 1));
            for tokens4 in [false, true] {
                all.push(Self::plain(Kernel::MatmulRowPerLane).weight(format, LANE_INTERLEAVE).tokens4(tokens4));
            }
        }
        all
    }

    /// A name no other variant has, for reports and labels.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = self.kernel.name().to_owned();
        if let Some(layout) = self.weight {
            name += &format!("-{}-interleave{}", layout.format.name(), layout.interleave);
        }
        for (chosen, label) in [(self.tokens4, "-tokens4"), (self.subgroups, "-subgroups"), (self.gather, "-gather")] {
            if chosen {
                name += label;
            }
        }
        name
    }
}
