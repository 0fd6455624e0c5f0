//! Variants of `repack`.

use crate::format::{Codes, GROUP, NON_LINEAR, SUPER_BLOCK_GROUPS, Scales, TABLE, Table, WeightFormat};
use crate::kernel::Kernel;
use crate::tensor_type::{TensorType, weight_format};
use crate::variant::{Choices, chosen};

/// The variant of `repack` for a tensor type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepackVariant(pub TensorType);

impl RepackVariant {
    /// Every variant: one for each tensor type that can be run.
    #[must_use]
    pub fn all() -> Vec<Self> {
        TensorType::ALL.iter().filter(|kind| weight_format(**kind).is_some()).map(|kind| Self(*kind)).collect()
    }

    /// True where blocks hold indices of the entries of a grid, which the kernel reads from `grids`.
    #[must_use]
    pub fn has_grid(self) -> bool {
        self.grid().is_some()
    }

    fn format(self) -> WeightFormat {
        weight_format(self.0).unwrap_or(WeightFormat::F32)
    }

    /// The place of the type's grid in `grids.bin`, in entries.
    fn grid(self) -> Option<u32> {
        match self.0 {
            TensorType::IQ1_S | TensorType::IQ1_M => Some(0),
            TensorType::IQ2_XXS => Some(2048),
            TensorType::IQ2_XS => Some(2304),
            TensorType::IQ2_S => Some(2816),
            TensorType::IQ3_XXS => Some(3840),
            TensorType::IQ3_S => Some(4096),
            _ => None,
        }
    }
}

impl Choices for RepackVariant {
    fn kernel(&self) -> Kernel {
        Kernel::Repack
    }

    fn label(&self) -> String {
        format!("-{}", self.0.name().to_lowercase())
    }

    fn constants(&self) -> Vec<(&'static str, u32)> {
        let (kind, format) = (self.0, self.format());
        let weights = kind.block_len().max(GROUP);
        let bytes = weights / kind.block_len() * kind.block_bytes();
        let odd = if format.has_odd_bit() { 4 } else { 0 };
        let mut constants = vec![
            ("BLOCK_GROUPS", (weights / GROUP) as u32),
            ("BLOCK_BYTES", bytes as u32),
            ("CODE_WORDS", format.code_words() as u32),
        ];
        if weights == GROUP {
            constants.push(("SCALE_BYTES", (bytes - odd - 4 * format.code_words()) as u32));
            constants.push(("ODD_BYTES", odd as u32));
        }
        if let Some(grid) = self.grid() {
            constants.push(("GRID", grid));
        }
        if let Some(table) = table(kind) {
            let word = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| table[4 * i + byte] as u8));
            constants.extend([("TABLE_0", word(0)), ("TABLE_1", word(1)), ("TABLE_2", word(2)), ("TABLE_3", word(3))]);
        }
        constants
    }

    fn defines(&self) -> Vec<&'static str> {
        let format = self.format();
        chosen(&[
            ("SCALES", format.has_scales()),
            ("HALVES", matches!(format.scales(), Scales::Halves | Scales::UpperHalves)),
            ("UPPER_HALVES", format.scales() == Scales::UpperHalves),
            ("WITH_MINIMUM", format.scales() == Scales::WithMinimum),
            ("SUPER_BLOCKS", format.has_super_blocks()),
            ("ODD_BIT", format.has_odd_bit()),
            ("TABLE", format.table() == Table::OfMatrix),
            ("GRID", self.has_grid()),
        ])
    }

    fn import(&self, name: &str) -> Option<String> {
        if name != "blocks" {
            return None;
        }
        Some(match self.0 {
            TensorType::Q4_K | TensorType::Q5_K => "blocks_q4_k_q5_k".to_owned(),
            kind if matches!(self.format().codes(), Codes::Words | Codes::Halves) && kind.block_len() == 1 => {
                "blocks_floats".to_owned()
            }
            kind if kind.block_len() < GROUP * SUPER_BLOCK_GROUPS => "blocks_of_a_group".to_owned(),
            kind => format!("blocks_{}", kind.name().to_lowercase()),
        })
    }
}

/// The values of a type's codes, for types that store a table with their matrices. The highest bit of a code is the weight's
/// sign; for IQ1, it is the sign of the eighth that is added to the weight.
pub(super) fn table(kind: TensorType) -> Option<[i8; TABLE]> {
    let signed = |magnitudes: [i8; 8]| {
        std::array::from_fn(|code| if code < 8 { magnitudes[code] } else { -magnitudes[code - 8] })
    };
    match kind {
        TensorType::IQ4_XS => Some(NON_LINEAR),
        TensorType::IQ3_XXS => Some(signed([4, 12, 20, 28, 36, 44, 52, 62])),
        TensorType::IQ3_S => Some(signed([1, 3, 5, 7, 9, 11, 13, 15])),
        TensorType::IQ2_XXS | TensorType::IQ2_XS | TensorType::IQ2_S => {
            Some([8, 25, 43, 0, -8, -25, -43, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        }
        TensorType::IQ1_S | TensorType::IQ1_M => Some([-7, 1, 9, 0, -9, -1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        _ => None,
    }
}
