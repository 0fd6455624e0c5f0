//! The choice of kernels for a device, by the capabilities that it reports; none is assumed.

use std::sync::Arc;

use wgslm_gpu::{Capabilities, Variants};
use wgslm_shaders::format::LANE_INTERLEAVE;
use wgslm_shaders::{
    AttentionTile, CooperativeTile, Encoding, Kernel, KvFormat, MatvecShape, Tile, Variant, WeightFormat, WeightLayout,
};

use super::tuning::Tuning;

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
    /// The tile that a workgroup of `matmul` computes.
    pub tile: Tile,
    pub(super) tuning: Arc<Tuning>,
}

impl Kernels {
    /// The choice for a device; rows are interleaved on software adapters where `interleaved_rows` is absent.
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
        let with = |kernel| Variant::plain(kernel).weight(format, self.interleave());
        match encoding {
            Encoding::F16 => self.cooperative.then(|| by_workgroups(with(Kernel::MatmulCooperative), rows)),
            Encoding::Int8 if !format.has_integer_codes() => None,
            Encoding::Int8 if self.interleaved_rows => Some(row_per_lane(with(Kernel::MatmulRowPerLaneInt8))),
            Encoding::Int8 => Some(with(Kernel::MatmulInt8).tile(self.tile.for_format(format)).into()),
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
        16
    }

    /// The kernels for `weight * x`, by the number of tokens; `shape` is that of `matvec` for a single token.
    #[must_use]
    pub fn linear(&self, format: WeightFormat, shape: MatvecShape) -> Variants {
        let with = |variant: Variant| variant.weight(format, self.interleave());
        if self.interleaved_rows {
            return row_per_lane(with(Variant::plain(Kernel::MatmulRowPerLane)));
        }
        let matvec = with(Variant::plain(Kernel::Matvec)).subgroups(self.subgroups);
        Variants::by_count(&[
            (1, matvec.shape(shape)),
            (self.few_tokens(), matvec.shape(MatvecShape::FEW_TOKENS)),
            (u32::MAX, with(Variant::plain(Kernel::Matmul)).tile(self.tile.for_format(format))),
        ])
    }

    /// The kernel for `weight * x` where each token uses the rows of its own experts, with `x` in `encoding`; `None` where there
    /// is no such kernel.
    #[must_use]
    pub fn linear_of_experts(&self, layout: WeightLayout, encoding: Option<Encoding>) -> Option<Variant> {
        let with = |kernel| Variant::plain(kernel).weight(layout.format, layout.interleave).experts(true);
        let side_by_side = layout.interleave > 1;
        match encoding {
            None if side_by_side => Some(with(Kernel::MatmulRowPerLane)),
            None => Some(with(Kernel::Matvec).shape(MatvecShape::DEFAULT).subgroups(self.subgroups)),
            Some(Encoding::Int8) if side_by_side && layout.format.has_integer_codes() => {
                Some(with(Kernel::MatmulRowPerLaneInt8))
            }
            Some(_) => None,
        }
    }

    /// The kernel for looking up embeddings.
    #[must_use]
    pub fn embed(&self, format: WeightFormat) -> Variant {
        Variant::plain(Kernel::Embed).weight(format, self.interleave())
    }

    /// The kernel for norms: of all tokens or, with `gather`, of those that outputs name.
    #[must_use]
    pub fn norm(&self, gather: bool) -> Variant {
        Variant::plain(Kernel::Norm).subgroups(self.subgroups).gather(gather)
    }

    /// The variant of a kernel whose only choice is to reduce with or without subgroup operations.
    #[must_use]
    pub fn reducing(&self, kernel: Kernel) -> Variant {
        Variant::plain(kernel).subgroups(self.subgroups)
    }

    /// The kernel for attention of few tokens over a split of the context, with `heads` query heads on a KV head; with `rope`,
    /// for a single token, it applies the rope too.
    #[must_use]
    pub fn attention_split(&self, heads: u32, rope: bool) -> Variant {
        Variant::plain(Kernel::AttentionSplit).heads(heads).subgroups(self.subgroups).rope(rope)
    }

    /// The kernel for attention of many tokens (of any number, where there is none for few), with heads of `width` values and
    /// `heads` query heads on a KV head.
    #[must_use]
    pub fn attention_of_many(&self, width: u32, heads: u32) -> Variant {
        if self.interleaved_rows && width.is_multiple_of(8) {
            return Variant::plain(Kernel::AttentionTokenPerLane).even_heads(heads);
        }
        // Staging in workgroup memory pays where invocations share the values, but not with interleaved rows, on a CPU. The
        // widest heads take blocks of half the size, since most devices have too few registers for more.
        let shape = AttentionTile::SHAPES[if width > 128 { 2 } else { 0 }];
        let tile = AttentionTile::new(width, shape).filter(|_| !self.interleaved_rows);
        tile.map_or_else(
            || self.reducing(Kernel::Attention),
            |tile| Variant::plain(Kernel::AttentionTile).attention_tile(tile),
        )
    }

    /// The choices as text by topic, for people to read; the kernels are those for Q4_0 weights.
    #[must_use]
    pub fn chosen(&self) -> Vec<(&'static str, String)> {
        let float = self.linear(WeightFormat::Q4_0, MatvecShape::DEFAULT);
        let encoded = self.linear_encoded(WeightFormat::Q4_0, 4096, self.encoding());
        let kernel = |variants: &Variants, tokens: u32| variants.of(tokens).kernel.name().to_owned();
        vec![
            ("decode", kernel(encoded.as_ref().filter(|_| !self.fuses()).unwrap_or(&float), 1)),
            ("prefill", kernel(encoded.as_ref().unwrap_or(&float), u32::MAX)),
            ("reduction", if self.subgroups { "subgroups" } else { "workgroup memory" }.to_owned()),
            ("weightRows", if self.interleaved_rows { "interleaved" } else { "contiguous" }.to_owned()),
        ]
    }
}

/// The variants of a kernel with a row per invocation: for a single token, and for more, four at a time.
fn row_per_lane(kernel: Variant) -> Variants {
    Variants::by_count(&[(1, kernel), (u32::MAX, kernel.tokens4(true))])
}

/// The variants of a kernel by tile. Larger tiles reuse more of what they stage, but pay only where enough of them keep a GPU
/// busy: the limits are the numbers of tokens at which one overtook the other on an H100.
fn by_workgroups(kernel: Variant, rows: u32) -> Variants {
    let [least, small, wide, large] = CooperativeTile::ALL.map(|tile| kernel.cooperative_tile(tile));
    let tokens = |workgroups: u32| (workgroups * 128).div_ceil(rows.div_ceil(128));
    Variants::by_count(&[(32, least), (tokens(88), small), (tokens(176), wide), (u32::MAX, large)])
}
