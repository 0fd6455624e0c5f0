//! The fastest kernel for the product of a single token with each kind of matrix: measured once on a device, and kept as text by the
//! caller.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use wgslm_shaders::{LinearKernel, LinearVariant, MatvecShape, WeightFormat};

use super::Kernels;

/// A kind of matrix: everything that the choice of a kernel depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MatrixKind {
    /// The format of the weights.
    pub(crate) format: WeightFormat,
    /// Rows of the matrix.
    pub(crate) rows: u32,
    /// Groups of 32 weights in a row.
    pub(crate) groups: u32,
    /// Activations aren't rounded to 8 bits.
    pub(crate) exact: bool,
}

/// The kernels chosen for a device.
#[derive(Debug, Default)]
pub(super) struct Tuning {
    chosen: Mutex<BTreeMap<MatrixKind, LinearKernel>>,
}

impl Tuning {
    fn get(&self, kind: &MatrixKind) -> Option<LinearKernel> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).get(kind).copied()
    }

    fn set(&self, kind: MatrixKind, kernel: LinearKernel) {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, kernel);
    }
}

impl Kernels {
    /// True where the fastest kernel for a kind of matrix has been measured.
    pub(super) fn is_tuned(&self, kind: &MatrixKind) -> bool {
        self.tuning.get(kind).is_some()
    }

    /// The kernel for the product of a single token with a kind of matrix: the fastest one, if that has been measured.
    pub(crate) fn single_token(&self, kind: &MatrixKind) -> LinearKernel {
        self.tuning.get(kind).unwrap_or(self.untuned())
    }

    /// The kernel for the product of a single token with a matrix for which none has been measured.
    #[must_use]
    pub fn untuned(&self) -> LinearKernel {
        LinearKernel::Matvec { shape: MatvecShape::DEFAULT, subgroups: self.subgroups, experts: false }
    }

    /// Records the kernel chosen for a kind of matrix.
    pub(super) fn choose(&self, kind: MatrixKind, kernel: LinearKernel) {
        self.tuning.set(kind, kernel);
    }

    /// The kernels chosen so far, a line each: format, rows, groups, `exact` or `rounded`, kernel.
    pub(crate) fn tuning_text(&self) -> String {
        let chosen = self.tuning.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.iter().fold(String::new(), |mut text, (kind, kernel)| {
            let exact = if kind.exact { "exact" } else { "rounded" };
            let _ = writeln!(text, "{} {} {} {exact} {}", kind.format.name(), kind.rows, kind.groups, kernel.name());
            text
        })
    }

    /// Takes over choices from a text of [`Self::tuning_text`]; lines that can't be read are ignored.
    pub(crate) fn adopt_tuning(&self, text: &str) {
        for (kind, kernel) in text.lines().filter_map(|line| parse(line, self.subgroups)) {
            self.choose(kind, kernel);
        }
    }
}

fn parse(line: &str, subgroups: bool) -> Option<(MatrixKind, LinearKernel)> {
    let words: Vec<&str> = line.split(' ').collect();
    let [format, rows, groups, exact, kernel] = words.as_slice() else { return None };
    let format = WeightFormat::ALL.into_iter().find(|known| known.name() == *format)?;
    let exact = match *exact {
        "exact" => true,
        "rounded" => false,
        _ => return None,
    };
    let kind = MatrixKind { format, rows: rows.parse().ok()?, groups: groups.parse().ok()?, exact };
    // Only kernels that there are pipelines for.
    let kernel = LinearVariant::single_token(format, subgroups, exact).find(|known| known.name() == *kernel)?;
    Some((kind, kernel))
}

#[cfg(test)]
mod tests {
    use wgslm_shaders::{Encoding, IntegerShape};

    use super::*;

    #[test]
    fn lines_that_make_no_sense_here_are_left_out() {
        let line = "q4_k 28672 128 rounded matvec_integer-int8-staged-128x8x1";
        let (kind, kernel) = parse(line, true).expect("it is one of ours");
        assert_eq!(kind, MatrixKind { format: WeightFormat::Q4_K, rows: 28_672, groups: 128, exact: false });
        let shape = IntegerShape { outputs: 8, ..IntegerShape::staged(Encoding::Int8) };
        assert_eq!(kernel, LinearKernel::MatvecInteger { shape, subgroups: true });
        assert!(parse(line, false).is_none(), "only one shape is there without subgroups");
        assert!(parse("q4_k 2 2 exact matvec-64x4x1", false).is_some());
        for other in [
            "",
            "q4_k 1 2 rounded",
            "q9 1 2 rounded matvec-64x4x1",
            "q4_k 1 2 rounded matvec-64x5x1",
            "q4_k x 2 rounded matvec-64x4x1",
            "q4_k 1 2 plain matvec-64x4x1",
            "q4_k 1 2 exact matvec_integer-int8-staged-128x8x1",
            "f16 1 2 exact matvec_integer-int16-staged-128x4x1",
        ] {
            assert!(parse(other, true).is_none(), "{other}");
        }
    }
}
