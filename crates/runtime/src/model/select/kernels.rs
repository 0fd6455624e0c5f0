//! The choice of kernels for a device: which variant runs where. A capability is never assumed.

use std::sync::Arc;

use wgslm_gpu::{Capabilities, Variants};
use wgslm_shaders::format::LANE_INTERLEAVE;
use wgslm_shaders::{
    AttentionTile, AttentionVariant, CooperativeTile, EmbedVariant, Encoding, KvFormat, LaneTokens, LinearKernel,
    LinearVariant, MatvecShape, NormVariant, Tile, WeightFormat, WeightLayout,
};

use super::tuning::Tuning;

/// The choice of kernels for a device: by its capabilities and, where shapes are measured, by its tuning. Clones share the tuning.
#[derive(Clone, Debug, Default)]
pub struct Kernels {
    /// Kernels reduce with subgroup operations.
    pub subgroups: bool,
    /// Products of many tokens use the device's matrix units.
    pub cooperative: bool,
    /// The device is a program on the CPU.
    pub software: bool,
    /// Weight rows lie side by side, and an invocation takes a whole row.
    pub interleaved_rows: bool,
    /// The part of a product with many tokens that a workgroup makes.
    pub tile: Tile,
    pub(super) tuning: Arc<Tuning>,
}

impl Kernels {
    /// The choice for a device; `interleaved_rows` follows the kind of device where absent.
    #[must_use]
    pub fn new(capabilities: &Capabilities, interleaved_rows: Option<bool>, tile: Option<Tile>) -> Self {
        let interleaved_rows = interleaved_rows.unwrap_or(capabilities.software);
        Self {
            subgroups: capabilities.subgroups,
            cooperative: capabilities.cooperative && !interleaved_rows,
            software: capabilities.software,
            interleaved_rows,
            tile: tile.unwrap_or(Tile::DEFAULT),
            tuning: Arc::default(),
        }
    }

    /// Rows side by side in a weight's memory.
    #[must_use]
    pub fn interleave(&self) -> u32 {
        if self.interleaved_rows { LANE_INTERLEAVE } else { 1 }
    }

    /// Whether the kernels for few rows take in what stands beside a matrix: the norm before it, the SwiGLU or the sum after.
    #[must_use]
    pub fn fuses(&self) -> bool {
        !self.interleaved_rows
    }

    /// The encoding of activations that the fastest kernels for many tokens multiply.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        if self.cooperative { Encoding::F16 } else { Encoding::Int8 }
    }

    /// The kernels for `weight * x` with `x` in this encoding, where there are any for a weight of so many rows in this format:
    /// for many tokens or, where rows of weights lie side by side, for any number.
    #[must_use]
    pub fn linear_encoded(&self, format: WeightFormat, rows: u32, encoding: Encoding) -> Option<Variants> {
        match encoding {
            Encoding::F16 => self.cooperative.then(|| by_workgroups(format, rows)),
            Encoding::Int8 if !format.has_integer_codes() => None,
            Encoding::Int8 if self.interleaved_rows => Some(row_per_lane(format, LinearKernel::MatmulRowPerLaneInt8)),
            Encoding::Int8 => {
                let kernel = LinearKernel::MatmulInt8(self.tile.for_format(format));
                Some(LinearVariant { format, kernel }.into())
            }
        }
    }

    /// How keys and values are kept: a CPU spends more on turning halves into floats than on reading twice as much.
    #[must_use]
    pub fn kv_format(&self) -> KvFormat {
        if self.software { KvFormat::F32 } else { KvFormat::F16 }
    }

    /// The most rows for which the kernels for few rows are the faster ones.
    #[must_use]
    pub fn few_tokens(&self) -> u32 {
        16
    }

    /// The kernels for `weight * x`, by the number of tokens; `shape` is that of `matvec` for a single one.
    #[must_use]
    pub fn linear(&self, format: WeightFormat, shape: MatvecShape) -> Variants {
        if self.interleaved_rows {
            return row_per_lane(format, LinearKernel::MatmulRowPerLane);
        }
        let variant = |kernel| LinearVariant { format, kernel }.into();
        let matvec = |shape| LinearKernel::Matvec { shape, subgroups: self.subgroups, experts: false };
        Variants::by_count(&[
            (1, variant(matvec(shape))),
            (self.few_tokens(), variant(matvec(MatvecShape::FEW_TOKENS))),
            (u32::MAX, variant(LinearKernel::Matmul(self.tile.for_format(format)))),
        ])
    }

    /// The kernel for `weight * x` where each token has rows of the weight of its own, with `x` in this encoding if there is one
    /// for it; rows lie side by side or not.
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

    /// The kernel for norms, of all rows or of those that outputs name, with what it makes in this encoding.
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

    /// The kernel for attention of few rows over a split of the context, for `heads` query heads on a KV head; with the rope
    /// for a single row.
    #[must_use]
    pub fn attention_split(&self, kv: KvFormat, heads: u32, rope: bool) -> AttentionVariant {
        AttentionVariant::split(kv, heads, self.subgroups, rope)
    }

    /// The kernel for attention of any number of rows, and of heads of any width.
    #[must_use]
    pub fn attention(&self, kv: KvFormat) -> AttentionVariant {
        AttentionVariant::Attention { kv, subgroups: self.subgroups }
    }

    /// The kernel for attention of many rows whose heads are `width` wide or, where few have none of their own, of any number,
    /// with `heads` query heads on a KV head.
    #[must_use]
    pub fn attention_of_many(&self, kv: KvFormat, width: u32, heads: u32) -> AttentionVariant {
        if self.interleaved_rows {
            let whole = width.is_multiple_of(8);
            return if whole { AttentionVariant::token_per_lane(kv, heads) } else { self.attention(kv) };
        }
        // Staging pays where many invocations share what one reads: not where each has a row of a weight, on a CPU.
        // The widest heads would take more registers than most devices have for an invocation, but for blocks of half the size.
        let shape = AttentionTile::SHAPES[if width > 128 { 2 } else { 0 }];
        let tile = AttentionTile::new(width, shape);
        tile.map_or_else(|| self.attention(kv), |tile| AttentionVariant::AttentionTile { kv, tile })
    }

    /// The choices as text by topic, for people to read; of kernels those for weights in Q4_0.
    #[must_use]
    pub fn chosen(&self) -> Vec<(&'static str, String)> {
        let float = self.linear(WeightFormat::Q4_0, MatvecShape::DEFAULT);
        let encoded = self.linear_encoded(WeightFormat::Q4_0, 4096, self.encoding());
        let kernel = |variants: &Variants, tokens: u32| variants.of(tokens).kernel().name().to_owned();
        vec![
            ("decode", kernel(encoded.as_ref().filter(|_| !self.fuses()).unwrap_or(&float), 1)),
            ("prefill", kernel(encoded.as_ref().unwrap_or(&float), u32::MAX)),
            ("reduction", if self.subgroups { "subgroups" } else { "workgroup memory" }.to_owned()),
            ("weightRows", if self.interleaved_rows { "interleaved" } else { "contiguous" }.to_owned()),
        ]
    }
}

/// One token at a time for a single one, four for more.
fn row_per_lane(format: WeightFormat, kernel: fn(LaneTokens) -> LinearKernel) -> Variants {
    let variant = |tokens| LinearVariant { format, kernel: kernel(tokens) }.into();
    Variants::by_count(&[(1, variant(LaneTokens::One)), (u32::MAX, variant(LaneTokens::Four))])
}

/// The tile by the number of tokens: larger ones do more with what they stage, but only where enough of them keep a GPU busy; the
/// numbers are those at which one overtook the other on an H100.
fn by_workgroups(format: WeightFormat, rows: u32) -> Variants {
    let variant = |tile| LinearVariant { format, kernel: LinearKernel::MatmulCooperative(tile) }.into();
    let [least, small, wide, large] = CooperativeTile::ALL.map(variant);
    let tokens = |workgroups: u32| (workgroups * 128).div_ceil(rows.div_ceil(128));
    Variants::by_count(&[(32, least), (tokens(88), small), (tokens(176), wide), (u32::MAX, large)])
}
