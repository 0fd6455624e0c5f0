//! Variants of the kernels for `weight * x`.

mod shapes;

pub use shapes::{CooperativeTile, LaneTokens, MatvecShape, Tile};

use crate::encoding::Encoding;
use crate::format::{LANE_INTERLEAVE, WeightFormat};
use crate::kernel::Kernel;
use crate::layout::WeightLayout;
use crate::variant::{Choices, chosen, labels};

/// A variant of a kernel for `weight * x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinearVariant {
    /// The format of the weight.
    pub format: WeightFormat,
    /// The kernel, and the division of its work.
    pub kernel: LinearKernel,
}

/// A kernel for `weight * x`, and the division of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinearKernel {
    /// `matvec`: a workgroup shares some outputs of one token or a few.
    Matvec {
        /// The division of its work.
        shape: MatvecShape,
        /// Sums are of subgroups first.
        subgroups: bool,
        /// Each token has rows of the weight of its own: those of an expert.
        experts: bool,
    },
    /// `matmul`: a workgroup makes a tile of outputs and tokens.
    Matmul(Tile),
    /// `matmul_int8`: the same in integer dot products, of activations in codes of 8 bits.
    MatmulInt8(Tile),
    /// `matmul_cooperative`: the same with matrix units, of activations in f16.
    MatmulCooperative(CooperativeTile),
    /// `matmul_row_per_lane`: an invocation makes outputs of its own.
    MatmulRowPerLane(LaneTokens),
    /// `matmul_row_per_lane_int8`: the same in integer dot products, of activations in codes of 8 bits.
    MatmulRowPerLaneInt8(LaneTokens),
}

impl LinearVariant {
    /// The encoding of the activations that it multiplies, as `quantise` writes them; none for f32 in planes.
    #[must_use]
    pub const fn takes(&self) -> Option<Encoding> {
        match self.kernel {
            LinearKernel::MatmulInt8(_) | LinearKernel::MatmulRowPerLaneInt8(_) => Some(Encoding::Int8),
            LinearKernel::MatmulCooperative(_) => Some(Encoding::F16),
            _ => None,
        }
    }

    /// The layout of the weight.
    #[must_use]
    pub const fn layout(&self) -> WeightLayout {
        let interleave = if self.lane_tokens().is_some() { LANE_INTERLEAVE } else { 1 };
        WeightLayout { format: self.format, interleave }
    }

    /// True where each token has rows of the weight of its own: those of an expert.
    #[must_use]
    pub const fn experts(&self) -> bool {
        matches!(self.kernel, LinearKernel::Matvec { experts: true, .. })
            || matches!(self.lane_tokens(), Some(LaneTokens::OneOfExpert))
    }

    /// True where it turns activations to fixed point.
    #[must_use]
    pub const fn fixed(&self) -> bool {
        matches!(self.kernel, LinearKernel::Matvec { shape: MatvecShape { fixed: true, .. }, .. })
    }

    /// The tokens of an invocation that makes outputs of its own.
    const fn lane_tokens(&self) -> Option<LaneTokens> {
        match self.kernel {
            LinearKernel::MatmulRowPerLane(tokens) | LinearKernel::MatmulRowPerLaneInt8(tokens) => Some(tokens),
            _ => None,
        }
    }

    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let of_format = |format| Self::kernels(format).into_iter().map(move |kernel| Self { format, kernel });
        WeightFormat::ALL.into_iter().flat_map(of_format).collect()
    }

    /// Every kernel for weights in `format`, with every way to divide its work.
    fn kernels(format: WeightFormat) -> Vec<LinearKernel> {
        let matvec = |shape, subgroups, experts| LinearKernel::Matvec { shape, subgroups, experts };
        let mut all = Vec::new();
        all.extend([MatvecShape::DEFAULT, MatvecShape::FEW_TOKENS].map(|shape| matvec(shape, false, false)));
        all.extend([false, true].map(|subgroups| matvec(MatvecShape::DEFAULT, subgroups, true)));
        let shapes = MatvecShape::single_token(format).chain([MatvecShape::FEW_TOKENS]);
        all.extend(shapes.map(|shape| matvec(shape, true, false)));
        all.extend(Tile::all_for(format).map(LinearKernel::Matmul));
        all.extend(CooperativeTile::ALL.map(LinearKernel::MatmulCooperative));
        all.extend(LaneTokens::ALL.map(LinearKernel::MatmulRowPerLane));
        if format.has_integer_codes() {
            all.extend(Tile::all_for(format).map(LinearKernel::MatmulInt8));
            all.extend(LaneTokens::ALL.map(LinearKernel::MatmulRowPerLaneInt8));
        }
        all
    }

    /// Invocations of a workgroup that fill a table.
    const fn table_lanes(&self) -> u32 {
        match self.kernel {
            LinearKernel::Matvec { shape, .. } => shape.workgroup_size,
            LinearKernel::Matmul(_) | LinearKernel::MatmulInt8(_) => 256,
            _ => 32,
        }
    }
}

impl Choices for LinearVariant {
    fn kernel(&self) -> Kernel {
        match self.kernel {
            LinearKernel::Matvec { .. } => Kernel::Matvec,
            LinearKernel::Matmul(_) => Kernel::Matmul,
            LinearKernel::MatmulInt8(_) => Kernel::MatmulInt8,
            LinearKernel::MatmulCooperative(_) => Kernel::MatmulCooperative,
            LinearKernel::MatmulRowPerLane(_) => Kernel::MatmulRowPerLane,
            LinearKernel::MatmulRowPerLaneInt8(_) => Kernel::MatmulRowPerLaneInt8,
        }
    }

    fn label(&self) -> String {
        let work = match self.kernel {
            LinearKernel::Matvec { shape, .. } => shape.label(),
            LinearKernel::Matmul(tile) | LinearKernel::MatmulInt8(tile) => tile.label(),
            LinearKernel::MatmulCooperative(tile) => tile.label(),
            LinearKernel::MatmulRowPerLane(_) | LinearKernel::MatmulRowPerLaneInt8(_) => String::new(),
        };
        let ends = labels(&[
            ("-tokens4", self.lane_tokens() == Some(LaneTokens::Four)),
            ("-experts", self.experts()),
            ("-subgroups", self.subgroups()),
        ]);
        self.layout().label() + &work + &ends
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        let mut constants = self.layout().constants(self.table_lanes());
        match self.kernel {
            LinearKernel::Matvec { shape, .. } => constants.extend(shape.constants()),
            LinearKernel::Matmul(tile) | LinearKernel::MatmulInt8(tile) => constants.extend(tile.constants()),
            LinearKernel::MatmulCooperative(tile) => constants.extend(tile.constants()),
            LinearKernel::MatmulRowPerLane(_) | LinearKernel::MatmulRowPerLaneInt8(_) => {}
        }
        constants
    }

    fn defines(&self) -> Vec<&'static str> {
        let fixed = self.fixed();
        let int8 = self.takes() == Some(Encoding::Int8);
        let mut defines = self.layout().defines();
        defines.extend(chosen(&[
            ("SUBGROUPS", self.subgroups()),
            ("EXPERTS", self.experts()),
            ("COLUMNS4", matches!(self.kernel, LinearKernel::Matvec { shape, .. } if shape.tokens == 4)),
            ("TOKENS4", self.lane_tokens() == Some(LaneTokens::Four)),
            ("ACTIVATIONS", self.kernel() == Kernel::Matvec && !fixed),
            ("FIXED", fixed),
            ("INTEGER", fixed || int8),
            ("FLOAT_TILES", matches!(self.kernel(), Kernel::Matmul | Kernel::MatmulCooperative)),
            ("FLOAT", self.takes().is_none()),
            ("INT8", int8),
        ]));
        defines
    }

    fn import(&self, name: &str) -> Option<String> {
        match name {
            "activations" => Some(format!("activations_{}", if self.fixed() { "fixed" } else { "float" })),
            _ => self.layout().import(name),
        }
    }

    fn subgroups(&self) -> bool {
        matches!(self.kernel, LinearKernel::Matvec { subgroups: true, .. })
    }

    fn weight(&self) -> Option<WeightLayout> {
        Some(self.layout())
    }
}
