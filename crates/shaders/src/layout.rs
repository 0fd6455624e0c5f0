//! The layout of a weight in memory, and the parts of a kernel's text that it decides.

use crate::format::{Codes, LANE_INTERLEAVE, Scales, Table, WeightFormat};
use crate::variant::chosen;

/// The layout of a weight in memory: its format, and how many rows stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WeightLayout {
    /// The encoding.
    pub format: WeightFormat,
    /// Rows side by side: 1 or [`LANE_INTERLEAVE`].
    pub interleave: u32,
}

impl WeightLayout {
    /// Both layouts of a format.
    #[must_use]
    pub const fn both(format: WeightFormat) -> [Self; 2] {
        [Self { format, interleave: 1 }, Self { format, interleave: LANE_INTERLEAVE }]
    }

    /// Its part of the name of a variant that reads such a weight.
    pub(crate) fn label(&self) -> String {
        format!("-{}-interleave{}", self.format.name(), self.interleave)
    }

    /// The constants that a text begins with that reads such a weight, where `table_lanes` invocations fill a table.
    pub(crate) fn constants(&self, table_lanes: u32) -> Vec<(&'static str, u32)> {
        let mut constants = vec![("INTERLEAVE", self.interleave)];
        constants.extend(self.format.constants());
        if !self.format.is_linear() {
            constants.push(("TABLE_LANES", table_lanes));
        }
        constants
    }

    /// The names that such a text is expanded with.
    pub(crate) fn defines(&self) -> Vec<&'static str> {
        let format = self.format;
        chosen(&[
            ("WIDE", self.interleave == 1),
            ("ODD_BIT", format.has_odd_bit()),
            ("TABLE", !format.is_linear()),
            ("PAIRS_IN_BYTES", format.code_bits() == 4),
            ("TABLE_OF_MATRIX", format.table() == Table::OfMatrix),
            ("UPPER_HALVES", format.scales() == Scales::UpperHalves),
            ("DOUBLE_QUANTISED", format.scales() == Scales::Bytes),
            ("SCALES", format.has_scales()),
        ])
    }

    /// The file of an import that depends on the format.
    pub(crate) fn import(&self, name: &str) -> Option<String> {
        let format = self.format;
        Some(match name {
            "weight_format" => match format.codes() {
                Codes::Planes(_) => "codes".to_owned(),
                Codes::Bytes => "weight_bytes".to_owned(),
                _ => format!("weight_{}", format.name()),
            },
            "code_planes" => format!("planes_{}", format.code_bits()),
            "code_values" if format.is_linear() => "code_numbers".to_owned(),
            "code_values" => "code_table".to_owned(),
            "code_scales" => format!("scales_{}", format.scales().name()),
            "nearest_codes" => match (format.codes(), format.is_linear()) {
                (Codes::Bytes, _) => "nearest_bytes".to_owned(),
                (_, true) => "nearest_numbers".to_owned(),
                (_, false) => "nearest_table".to_owned(),
            },
            _ => return None,
        })
    }
}
