//! Variants of the kernels for `weight * x`.

mod shapes;

pub use shapes::{CooperativeTile, IntegerShape, LaneTokens, MatvecShape, Tile};

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
    /// `matvec_integer`: the same in integer dot products, of activations in codes.
    MatvecInteger(IntegerShape),
    /// `matvec_integer_pair`: the same with two weights, one above the other.
    MatvecIntegerPair {
        /// The division of its work.
        shape: IntegerShape,
        /// The format of the second weight.
        second: WeightFormat,
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

impl LinearKernel {
    /// The name of the kernel and of the division of its work.
    #[must_use]
    pub fn name(&self) -> String {
        self.kernel().name().to_owned() + &self.work()
    }

    /// The division of the work of a kernel in integers for few tokens; none for others.
    const fn integer_shape(&self) -> Option<IntegerShape> {
        match self {
            Self::MatvecInteger(shape) | Self::MatvecIntegerPair { shape, .. } => Some(*shape),
            _ => None,
        }
    }

    /// The codes in which it multiplies activations for few tokens; none for f32.
    #[must_use]
    pub const fn integer_encoding(&self) -> Option<Encoding> {
        match self.integer_shape() {
            Some(shape) => Some(shape.input),
            None => None,
        }
    }

    /// The kernel.
    #[must_use]
    pub const fn kernel(&self) -> Kernel {
        match self {
            Self::Matvec { .. } => Kernel::Matvec,
            Self::MatvecInteger(_) => Kernel::MatvecInteger,
            Self::MatvecIntegerPair { .. } => Kernel::MatvecIntegerPair,
            Self::Matmul(_) => Kernel::Matmul,
            Self::MatmulInt8(_) => Kernel::MatmulInt8,
            Self::MatmulCooperative(_) => Kernel::MatmulCooperative,
            Self::MatmulRowPerLane(_) => Kernel::MatmulRowPerLane,
            Self::MatmulRowPerLaneInt8(_) => Kernel::MatmulRowPerLaneInt8,
        }
    }

    /// The label of the division of its work.
    fn work(&self) -> String {
        match self {
            Self::Matvec { shape, .. } => shape.label(),
            Self::MatvecInteger(shape) => shape.label(),
            Self::MatvecIntegerPair { shape, second } => format!("-above-{}{}", second.name(), shape.label()),
            Self::Matmul(tile) | Self::MatmulInt8(tile) => tile.label(),
            Self::MatmulCooperative(tile) => tile.label(),
            Self::MatmulRowPerLane(_) | Self::MatmulRowPerLaneInt8(_) => String::new(),
        }
    }
}

impl LinearVariant {
    /// The encoding of the activations that it multiplies, as `quantise` writes them; none for f32 in planes.
    #[must_use]
    pub const fn takes(&self) -> Option<Encoding> {
        match self.kernel {
            LinearKernel::MatmulInt8(_) | LinearKernel::MatmulRowPerLaneInt8(_) => Some(Encoding::Int8),
            LinearKernel::MatmulCooperative(_) => Some(Encoding::F16),
            _ => self.kernel.integer_encoding(),
        }
    }

    /// The encoding in which it leaves its outputs for the next matrix, if it does.
    #[must_use]
    pub const fn leaves(&self) -> Option<Encoding> {
        match self.kernel {
            LinearKernel::MatvecInteger(shape) => shape.output,
            _ => None,
        }
    }

    /// The layout of the weight.
    #[must_use]
    pub const fn layout(&self) -> WeightLayout {
        let interleave = if self.lane_tokens().is_some() { LANE_INTERLEAVE } else { 1 };
        WeightLayout { format: self.format, interleave }
    }

    /// The layout of the second weight, where there are two.
    #[must_use]
    pub const fn second_layout(&self) -> Option<WeightLayout> {
        match self.kernel {
            LinearKernel::MatvecIntegerPair { second, .. } => Some(WeightLayout { format: second, interleave: 1 }),
            _ => None,
        }
    }

    /// True where each token has rows of the weight of its own: those of an expert.
    #[must_use]
    pub const fn experts(&self) -> bool {
        matches!(self.kernel, LinearKernel::Matvec { experts: true, .. })
            || matches!(self.lane_tokens(), Some(LaneTokens::OneOfExpert))
    }

    /// The tokens of an invocation that makes outputs of its own.
    const fn lane_tokens(&self) -> Option<LaneTokens> {
        match self.kernel {
            LinearKernel::MatmulRowPerLane(tokens) | LinearKernel::MatmulRowPerLaneInt8(tokens) => Some(tokens),
            _ => None,
        }
    }

    /// The formats of two weights, one above the other, that one dispatch can multiply: those of queries and keys and of values where files
    /// give values more bits.
    pub const PAIRS: [(WeightFormat, WeightFormat); 2] =
        [(WeightFormat::Q4_K, WeightFormat::Q6_K), (WeightFormat::Q5_K, WeightFormat::Q6_K)];

    /// Every variant.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let of_format = |format| Self::kernels(format).into_iter().map(move |kernel| Self { format, kernel });
        WeightFormat::ALL.into_iter().flat_map(of_format).collect()
    }

    /// The kernels among which to choose for a single token and weights in `format`: in f32 and, where the weights' codes are integers,
    /// in codes of 8 and of 16 bits.
    pub fn single_token(format: WeightFormat, subgroups: bool) -> impl Iterator<Item = LinearKernel> {
        let float = MatvecShape::single_token(format).take(if subgroups { usize::MAX } else { 1 });
        let integer = [Encoding::Int8, Encoding::Int16].into_iter().flat_map(IntegerShape::single_token);
        let integer = integer.filter(move |_| format.has_integer_codes());
        float
            .map(move |shape| LinearKernel::Matvec { shape, subgroups, experts: false })
            .chain(integer.map(LinearKernel::MatvecInteger))
    }

    /// Every kernel for weights in `format`, with every way to divide its work.
    fn kernels(format: WeightFormat) -> Vec<LinearKernel> {
        let matvec = |shape, subgroups, experts| LinearKernel::Matvec { shape, subgroups, experts };
        let mut all = Vec::new();
        all.extend([MatvecShape::DEFAULT, MatvecShape::FEW_TOKENS].map(|shape| matvec(shape, false, false)));
        all.extend([false, true].map(|subgroups| matvec(MatvecShape::DEFAULT, subgroups, true)));
        let shapes = MatvecShape::single_token(format).chain([MatvecShape::FEW_TOKENS]);
        all.extend(shapes.map(|shape| matvec(shape, true, false)));
        if format.has_integer_codes() {
            all.extend(IntegerShape::all().into_iter().map(LinearKernel::MatvecInteger));
            let second = Self::PAIRS.into_iter().filter(|pair| pair.0 == format);
            let shapes = || IntegerShape::all().into_iter().filter(|shape| shape.output.is_none());
            let pair = |second, shape| LinearKernel::MatvecIntegerPair { shape, second };
            all.extend(second.flat_map(|(_, second)| shapes().map(move |shape| pair(second, shape))));
        }
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
            LinearKernel::MatvecInteger(shape) | LinearKernel::MatvecIntegerPair { shape, .. } => shape.workgroup_size,
            LinearKernel::Matmul(_) | LinearKernel::MatmulInt8(_) => 256,
            _ => 32,
        }
    }
}

impl Choices for LinearVariant {
    fn kernel(&self) -> Kernel {
        self.kernel.kernel()
    }

    fn label(&self) -> String {
        let ends = labels(&[
            ("-tokens4", self.lane_tokens() == Some(LaneTokens::Four)),
            ("-experts", self.experts()),
            ("-subgroups", self.subgroups()),
        ]);
        self.layout().label() + &self.kernel.work() + &ends
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        let mut constants = self.layout().constants(self.table_lanes());
        match self.kernel {
            LinearKernel::Matvec { shape, .. } => constants.extend(shape.constants()),
            LinearKernel::MatvecInteger(shape) | LinearKernel::MatvecIntegerPair { shape, .. } => {
                constants.extend(shape.constants());
            }
            LinearKernel::Matmul(tile) | LinearKernel::MatmulInt8(tile) => constants.extend(tile.constants()),
            LinearKernel::MatmulCooperative(tile) => constants.extend(tile.constants()),
            LinearKernel::MatmulRowPerLane(_) | LinearKernel::MatmulRowPerLaneInt8(_) => {}
        }
        constants
    }

    fn defines(&self) -> Vec<&'static str> {
        let codes = self.takes().is_some_and(|encoding| encoding.largest_code().is_some());
        // Instead of taking the code of zero from each code, its product with the sum of the activations is taken from the sum.
        let few = self.kernel.integer_shape();
        let unsigned = few.is_some();
        let ahead = few.is_some_and(|shape| shape.loads_activations_ahead());
        let mut defines = self.layout().defines();
        defines.extend(chosen(&[
            ("AHEAD", ahead),
            ("SUBGROUPS", self.subgroups()),
            ("EXPERTS", self.experts()),
            ("TOKENS4", self.lane_tokens() == Some(LaneTokens::Four)),
            ("ACTIVATIONS", self.kernel() == Kernel::Matvec),
            ("INTEGER", codes || unsigned),
            ("UNSIGNED", unsigned),
            ("ZERO_BY_SUM", unsigned && self.format.is_linear() && self.format.zero() != 0),
            ("FLOAT_TILES", matches!(self.kernel(), Kernel::Matmul | Kernel::MatmulCooperative)),
            ("FLOAT", self.takes().is_none()),
            ("CODES", codes),
            ("ENCODE", self.leaves().is_some()),
        ]));
        defines
    }

    fn import(&self, name: &str) -> Option<String> {
        match name {
            "codes" => self.leaves()?.import(name),
            "product" => self.takes()?.import(name),
            _ => self.layout().import(name),
        }
    }

    fn second(&self) -> Option<Box<dyn Choices>> {
        match self.kernel {
            LinearKernel::MatvecIntegerPair { shape, second } => {
                Some(Box::new(Self { format: second, kernel: LinearKernel::MatvecInteger(shape) }))
            }
            _ => None,
        }
    }

    fn subgroups(&self) -> bool {
        matches!(self.kernel, LinearKernel::Matvec { subgroups: true, .. })
    }

    fn weight(&self) -> Option<WeightLayout> {
        Some(self.layout())
    }
}
