//! The fastest shape of `matvec` for each kind of matrix: measured once on a device, and kept as text by the caller.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use wgslm_shaders::{MatvecShape, WeightFormat};

use super::Kernels;

/// A kind of matrix: everything that the choice of a shape depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MatrixKind {
    /// The format of the weights.
    pub(crate) format: WeightFormat,
    /// Rows of the matrix.
    pub(crate) rows: u32,
    /// Groups of 32 weights in a row.
    pub(crate) groups: u32,
    /// Half of the rows gate the other half.
    pub(crate) gated: bool,
}

/// The shapes chosen for a device.
#[derive(Debug, Default)]
pub(super) struct Tuning {
    chosen: Mutex<BTreeMap<MatrixKind, MatvecShape>>,
}

impl Tuning {
    fn get(&self, kind: &MatrixKind) -> Option<MatvecShape> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).get(kind).copied()
    }

    fn set(&self, kind: MatrixKind, shape: MatvecShape) {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, shape);
    }
}

impl Kernels {
    /// The fastest shape of `matvec` for a kind of matrix, if it has been measured.
    pub(crate) fn shape(&self, kind: &MatrixKind) -> Option<MatvecShape> {
        self.tuning.get(kind)
    }

    /// Records the shape chosen for a kind of matrix.
    pub(super) fn choose(&self, kind: MatrixKind, shape: MatvecShape) {
        self.tuning.set(kind, shape);
    }

    /// The shapes chosen so far, a line each: format, rows, groups, `gated` or `plain`, invocations, rows at a time, `fixed` or
    /// `float`.
    pub(crate) fn tuning_text(&self) -> String {
        let chosen = self.tuning.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.iter().fold(String::new(), |mut text, (kind, shape)| {
            let gated = if kind.gated { "gated" } else { "plain" };
            let (format, rows, groups) = (kind.format.name(), kind.rows, kind.groups);
            let fixed = if shape.fixed { "fixed" } else { "float" };
            let _ =
                writeln!(text, "{format} {rows} {groups} {gated} {} {} {fixed}", shape.workgroup_size, shape.outputs);
            text
        })
    }

    /// Takes over shapes from a text of [`Self::tuning_text`]; lines that can't be read are ignored.
    pub(crate) fn adopt_tuning(&self, text: &str) {
        for (kind, shape) in text.lines().filter_map(parse) {
            self.choose(kind, shape);
        }
    }
}

fn parse(line: &str) -> Option<(MatrixKind, MatvecShape)> {
    let words: Vec<&str> = line.split(' ').collect();
    let [format, rows, groups, gated, workgroup_size, outputs, fixed] = words.as_slice() else { return None };
    let format = WeightFormat::ALL.into_iter().find(|known| known.name() == *format)?;
    let kind = MatrixKind { format, rows: rows.parse().ok()?, groups: groups.parse().ok()?, gated: *gated == "gated" };
    let (workgroup_size, outputs): (u32, u32) = (workgroup_size.parse().ok()?, outputs.parse().ok()?);
    // Only shapes that there are pipelines for.
    let wanted = MatvecShape { workgroup_size, outputs, tokens: 1, fixed: *fixed == "fixed" };
    let shape = MatvecShape::single_token(format).find(|shape| *shape == wanted)?;
    Some((kind, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_make_no_sense_here_are_left_out() {
        let line = "q4_k 28672 128 gated 128 8 fixed";
        let (kind, shape) = parse(line).expect("it is one of ours");
        assert_eq!(kind, MatrixKind { format: WeightFormat::Q4_K, rows: 28_672, groups: 128, gated: true });
        assert_eq!(shape, MatvecShape { workgroup_size: 128, outputs: 8, tokens: 1, fixed: true });
        for other in [
            "",
            "q4_k 1 2 gated 64 8",
            "q9 1 2 plain 64 4 float",
            "q4_k 1 2 plain 64 5 float",
            "q4_k x 2 plain 64 4 float",
            "f16 1 2 plain 64 4 fixed",
        ] {
            assert!(parse(other).is_none(), "{other}");
        }
    }
}
