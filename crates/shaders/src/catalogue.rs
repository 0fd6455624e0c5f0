//! The variants that are compiled: those the runtime can choose.

use crate::format::{LANE_INTERLEAVE, WeightFormat};
use crate::kernel::{Encoding, Kernel, KvFormat};
use crate::tile::{AttentionTile, CooperativeTile, MatvecShape, Tile};
use crate::variant::Variant;

impl Variant {
    /// Every variant there is. Each is expanded and validated when this crate is built.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = [
            Kernel::Argmax,
            Kernel::ArgmaxPartials,
            Kernel::AttentionCombine,
            Kernel::Gate,
            Kernel::MixExperts,
            Kernel::Route,
            Kernel::ShortConvolution,
            Kernel::Truncate,
            Kernel::TruncateBand,
            Kernel::TruncateHistogram,
            Kernel::TruncateMaxima,
        ]
        .map(Self::plain)
        .to_vec();
        for encoding in Encoding::ALL {
            all.extend([Kernel::Quantise, Kernel::Gate].map(|kernel| Self::plain(kernel).encoding(Some(encoding))));
        }
        for kv in KvFormat::ALL {
            all.extend(Self::with_kv().into_iter().map(|variant| variant.kv(kv)));
        }
        for subgroups in [false, true] {
            all.extend([Kernel::NormHeads, Kernel::Pool].map(|kernel| Self::plain(kernel).subgroups(subgroups)));
            let norm = Self::plain(Kernel::Norm).subgroups(subgroups);
            for gather in [false, true] {
                let encodings = Encoding::ALL.map(Some).into_iter().chain([None]);
                all.extend(encodings.map(|encoding| norm.gather(gather).encoding(encoding)));
            }
        }
        for format in WeightFormat::QUANTISED_HERE {
            let kernel = Self::plain(Kernel::QuantiseWeights);
            all.extend([1, LANE_INTERLEAVE].map(|interleave| kernel.weight(format, interleave)));
        }
        for format in WeightFormat::ALL {
            for interleave in [1, LANE_INTERLEAVE] {
                all.push(Self::plain(Kernel::Embed).weight(format, interleave));
            }
            let matvec = Self::plain(Kernel::Matvec).weight(format, 1);
            for shape in [MatvecShape::DEFAULT, MatvecShape::FEW_TOKENS] {
                all.push(matvec.shape(shape));
            }
            for subgroups in [false, true] {
                all.push(matvec.shape(MatvecShape::DEFAULT).subgroups(subgroups).experts(true));
            }
            for shape in MatvecShape::single_token(format).chain([MatvecShape::FEW_TOKENS]) {
                all.push(matvec.shape(shape).subgroups(true));
            }
            all.extend(Tile::all_for(format).map(|tile| Self::plain(Kernel::Matmul).weight(format, 1).tile(tile)));
            let cooperative = Self::plain(Kernel::MatmulCooperative).weight(format, 1);
            all.extend(CooperativeTile::ALL.map(|tile| cooperative.cooperative_tile(tile)));
            if format.has_integer_codes() {
                let int8 = Self::plain(Kernel::MatmulInt8).weight(format, 1);
                all.extend(Tile::all_for(format).map(|tile| int8.tile(tile)));
            }
            for (tokens4, experts) in [(false, false), (true, false), (false, true)] {
                let row_per_lane =
                    |kernel| Self::plain(kernel).weight(format, LANE_INTERLEAVE).tokens4(tokens4).experts(experts);
                all.push(row_per_lane(Kernel::MatmulRowPerLane));
                if format.has_integer_codes() {
                    all.push(row_per_lane(Kernel::MatmulRowPerLaneInt8));
                }
            }
        }
        all
    }

    /// Those that read or write keys and values.
    fn with_kv() -> Vec<Self> {
        let mut all = vec![Self::plain(Kernel::RopeAppend)];
        for subgroups in [false, true] {
            all.push(Self::plain(Kernel::Attention).subgroups(subgroups));
            for heads in [1, 2, 4, 8] {
                let split = Self::plain(Kernel::AttentionSplit).heads(heads).subgroups(subgroups);
                all.extend([split, split.rope(true)]);
            }
        }
        all.extend(AttentionTile::all().map(|tile| Self::plain(Kernel::AttentionTile).attention_tile(tile)));
        all.extend([1, 2, 3, 4].map(|heads| Self::plain(Kernel::AttentionTokenPerLane).even_heads(heads)));
        all
    }
}
