//! The choice of kernels for a device, by the capabilities that it reports; none is assumed.

use std::sync::Arc;

use wgslm_gpu::{Capabilities, Variants};
use wgslm_shaders::format::LANE_INTERLEAVE;
use wgslm_shaders::{
    AttentionTile, AttentionVariant, CooperativeTile, EmbedVariant, Encoding, IntegerShape, KvFormat, LaneTokens,
    LinearKernel, LinearVariant, MatvecShape, NormVariant, Tile, WeightFormat, WeightLayout,
};

use super::tuning::{MatrixKind, Precision, Tuning};
use crate::DeviceOptions;

/// The kernels chosen for a device by its capabilities and, where shapes are measured, by its tuning. Clones share the tuning.
#[derive(Clone, Debug, Default)]
pub struct Kernels {
    /// Kernels reduce with subgroup operations.
    pub subgroups: bool,
    /// Products of many tokens use the device's matrix units.
    pub cooperative: bool,
    /// The device is a software adapter, which computes on the CPU.
    pub software: bool,
    /// Rows of weights are interleaved, and each invocation computes a whole row.
    pub interleaved_rows: bool,
    /// The device repacks the blocks of a file, which the CPU does otherwise.
    pub repacks: bool,
    /// The tile that a workgroup of `matmul` computes.
    pub tile: Tile,
    pub(super) tuning: Arc<Tuning>,
}

impl Kernels {
    /// The choice for a device, as far as `options` leave it open; rows are interleaved on software adapters.
    #[must_use]
    pub fn new(capabilities: &Capabilities, options: &DeviceOptions) -> Self {
        let interleaved_rows = options.interleaved_rows.unwrap_or(capabilities.software);
        Self {
            subgroups: capabilities.subgroups,
            cooperative: capabilities.cooperative && !interleaved_rows,
            software: capabilities.software,
            interleaved_rows,
            // In a browser the CPU's packing is WebAssembly's, on one thread.
            repacks: options.repacked_rows.unwrap_or(cfg!(target_arch = "wasm32") || !capabilities.software),
            tile: options.tile.unwrap_or(Tile::DEFAULT),
            tuning: Arc::default(),
        }
    }

    /// Rows of weights that are interleaved in memory; 1 where none are.
    #[must_use]
    pub fn interleave(&self) -> u32 {
        if self.interleaved_rows { LANE_INTERLEAVE } else { 1 }
    }

    /// True where the kernels for few tokens are fused: they also compute the norm before a matrix, and the SwiGLU or the sum
    /// after it.
    #[must_use]
    pub fn fuses(&self) -> bool {
        !self.interleaved_rows
    }

    /// The encoding of activations that the fastest kernels for many tokens take.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        if self.cooperative { Encoding::F16 } else { Encoding::Int8 }
    }

    /// The kernels for `weight * x` with `x` in `encoding` and a weight of `rows` rows in `format`, if there are any: for many
    /// tokens or, where rows are interleaved, for any number.
    #[must_use]
    pub fn linear_encoded(&self, format: WeightFormat, rows: u32, encoding: Encoding) -> Option<Variants> {
        match encoding {
            Encoding::F16 => self.cooperative.then(|| by_workgroups(format, rows)),
            Encoding::Int16 => None,
            Encoding::Int8 if !format.has_integer_codes() => None,
            Encoding::Int8 if self.interleaved_rows => Some(row_per_lane(format, LinearKernel::MatmulRowPerLaneInt8)),
            Encoding::Int8 => {
                let kernel = LinearKernel::MatmulInt8(self.tile.for_format(format));
                Some(LinearVariant { format, kernel }.into())
            }
        }
    }

    /// The fastest format of the KV cache: f16, but f32 on software adapters, where converting halves to floats costs more than
    /// reading twice as much.
    #[must_use]
    pub fn kv_format(&self) -> KvFormat {
        if self.software { KvFormat::F32 } else { KvFormat::F16 }
    }

    /// The most tokens for which the kernels for few tokens are faster than those for many.
    #[must_use]
    pub fn few_tokens(&self) -> u32 {
        32
    }

    /// The same in f32.
    #[must_use]
    pub fn few_float_tokens(&self) -> u32 {
        16
    }

    /// The kernels for `weight * x` in f32 for many tokens or, where rows are interleaved, for any number.
    #[must_use]
    pub fn linear(&self, format: WeightFormat) -> Variants {
        if self.interleaved_rows {
            return row_per_lane(format, LinearKernel::MatmulRowPerLane);
        }
        LinearVariant { format, kernel: LinearKernel::Matmul(self.tile.for_format(format)) }.into()
    }

    /// The kernels for `weight * x` of few tokens in f32, where `single` is that for a single one: they apply the norm before, and the
    /// gate or the sum after.
    #[must_use]
    pub fn few(&self, format: WeightFormat, single: LinearKernel) -> Variants {
        let shape = MatvecShape::FEW_TOKENS;
        let several = LinearKernel::Matvec { shape, subgroups: self.subgroups, experts: false };
        let variant = |kernel| LinearVariant { format, kernel }.into();
        Variants::by_count(&[(1, variant(single)), (u32::MAX, variant(several))])
    }

    /// The same in integers for a weight of `rows` rows, where `shape` is that for a single token.
    #[must_use]
    pub fn few_in_integers(&self, format: WeightFormat, rows: u32, shape: IntegerShape) -> Variants {
        by_tokens(format, &shape.by_tokens(rows), LinearKernel::MatvecInteger)
    }

    /// The same for two weights of `rows` rows together, one above the other, whose formats are `pair`; `None` where there is no such
    /// kernel, or where its workgroups would have rows of both, of which the first has `first_rows`.
    #[must_use]
    pub fn few_of_pair(
        &self,
        pair: (WeightFormat, WeightFormat),
        (first_rows, rows): (u32, u32),
        shape: IntegerShape,
    ) -> Option<Variants> {
        let (format, second) = pair;
        let shapes = shape.by_tokens(rows);
        let parts = shapes.iter().all(|(_, shape)| first_rows.is_multiple_of(shape.workgroup_outputs()));
        let kernel = |shape| LinearKernel::MatvecIntegerPair { shape, second };
        (parts && LinearVariant::PAIRS.contains(&pair)).then(|| by_tokens(format, &shapes, kernel))
    }

    /// The kernel for `weight * x` where each token uses the rows of its own experts, with `x` in `encoding`; `None` where there
    /// is no such kernel.
    #[must_use]
    pub fn linear_of_experts(&self, layout: WeightLayout, encoding: Option<Encoding>) -> Option<LinearVariant> {
        let format = layout.format;
        let side_by_side = layout.interleave > 1;
        let kernel = match encoding {
            None if side_by_side => LinearKernel::MatmulRowPerLane(LaneTokens::OneOfExpert),
            None => LinearKernel::Matvec { shape: MatvecShape::DEFAULT, subgroups: self.subgroups, experts: true },
            Some(Encoding::Int8) if side_by_side && format.has_integer_codes() => {
                LinearKernel::MatmulRowPerLaneInt8(LaneTokens::OneOfExpert)
            }
            Some(_) => return None,
        };
        Some(LinearVariant { format, kernel })
    }

    /// The kernel for looking up embeddings.
    #[must_use]
    pub fn embed(&self, format: WeightFormat) -> EmbedVariant {
        EmbedVariant::Embed(WeightLayout { format, interleave: self.interleave() })
    }

    /// The kernel for norms, with the result in `encoding`: of all tokens or, with `gather`, of those that outputs name.
    #[must_use]
    pub fn norm(&self, gather: bool, encoding: Option<Encoding>) -> NormVariant {
        NormVariant::Norm { subgroups: self.subgroups, gather, encoding }
    }

    /// The kernel for norms of queries and keys.
    #[must_use]
    pub fn norm_heads(&self) -> NormVariant {
        NormVariant::NormHeads { subgroups: self.subgroups }
    }

    /// The kernel for the embeddings of whole sequences.
    #[must_use]
    pub fn pool(&self) -> EmbedVariant {
        EmbedVariant::Pool { subgroups: self.subgroups }
    }

    /// The kernel for attention of few tokens over a split of the context, with `heads` query heads on a KV head; with `rope`,
    /// for tokens of different sequences, it applies the rope too, and with `encode`, it leaves its result in codes of 8 bits.
    #[must_use]
    pub fn attention_split(&self, kv: KvFormat, heads: u32, (rope, encode): (bool, bool)) -> AttentionVariant {
        AttentionVariant::split(kv, heads, self.subgroups, (rope, encode))
    }

    /// The kernel for attention of any number of tokens, with heads of any width.
    #[must_use]
    pub fn attention(&self, kv: KvFormat) -> AttentionVariant {
        AttentionVariant::Attention { kv, subgroups: self.subgroups }
    }

    /// The kernel for attention of many tokens (of any number, where there is none for few), with heads of `width` values and
    /// `heads` query heads on a KV head.
    #[must_use]
    pub fn attention_of_many(&self, kv: KvFormat, width: u32, heads: u32) -> AttentionVariant {
        if self.interleaved_rows {
            let whole = width.is_multiple_of(8);
            return if whole { AttentionVariant::token_per_lane(kv, heads) } else { self.attention(kv) };
        }
        // Staging in workgroup memory pays where invocations share the values, but not with interleaved rows, on a CPU. The
        // widest heads take blocks of half the size, since most devices have too few registers for more.
        let shape = AttentionTile::SHAPES[if width > 128 { 2 } else { 0 }];
        let tile = AttentionTile::new(width, shape);
        tile.map_or_else(|| self.attention(kv), |tile| AttentionVariant::AttentionTile { kv, tile })
    }

    /// The choices as text by topic, for people to read; the kernels are those for Q4_0 weights.
    #[must_use]
    pub fn chosen(&self) -> Vec<(&'static str, String)> {
        let kind = MatrixKind { format: WeightFormat::Q4_0, rows: 4096, groups: 128, precision: Precision::Rounded };
        let many = self.linear_encoded(WeightFormat::Q4_0, 4096, self.encoding());
        let many = many.unwrap_or_else(|| self.linear(WeightFormat::Q4_0));
        let kernel = |variants: &Variants, tokens: u32| variants.of(tokens).kernel().name().to_owned();
        let few = self.single_token(&kind).kernel().name().to_owned();
        vec![
            ("decode", if self.fuses() { few } else { kernel(&many, 1) }),
            ("prefill", kernel(&many, u32::MAX)),
            ("reduction", if self.subgroups { "subgroups" } else { "workgroup memory" }.to_owned()),
            ("weightRows", if self.interleaved_rows { "interleaved" } else { "contiguous" }.to_owned()),
        ]
    }
}

/// The variants of a kernel with a row per invocation: for a single token, and for more, four at a time.
fn row_per_lane(format: WeightFormat, kernel: fn(LaneTokens) -> LinearKernel) -> Variants {
    let variant = |tokens| LinearVariant { format, kernel: kernel(tokens) }.into();
    Variants::by_count(&[(1, variant(LaneTokens::One)), (u32::MAX, variant(LaneTokens::Four))])
}

/// The variants of a kernel by shape, each for steps of up to so many tokens.
fn by_tokens(
    format: WeightFormat,
    shapes: &[(u32, IntegerShape)],
    kernel: impl Fn(IntegerShape) -> LinearKernel,
) -> Variants {
    let variant = |shape| LinearVariant { format, kernel: kernel(shape) }.into();
    let all: Vec<_> = shapes.iter().map(|(most, shape)| (*most, variant(*shape))).collect();
    Variants::by_count(&all)
}

/// The variants of `matmul_cooperative` by tile. Larger tiles reuse more of what they stage, but pay only where enough of them keep
/// a GPU busy: the limits are the numbers of tokens at which one overtook the other on an H100.
fn by_workgroups(format: WeightFormat, rows: u32) -> Variants {
    let variant = |tile| LinearVariant { format, kernel: LinearKernel::MatmulCooperative(tile) }.into();
    let [least, small, wide, large] = CooperativeTile::ALL.map(variant);
    let tokens = |workgroups: u32| (workgroups * 128).div_ceil(rows.div_ceil(128));
    Variants::by_count(&[(32, least), (tokens(88), small), (tokens(176), wide), (u32::MAX, large)])
}
