//! The fastest kernel for the product of a single token with each kind of matrix: measured once on a device, and kept as text by the
//! caller.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use wgslm_shaders::{Encoding, LinearKernel, LinearVariant, MatvecShape, WeightFormat};

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
    /// The precision of activations.
    pub(crate) precision: Precision,
}

/// The precision of the activations that a matrix is multiplied with in steps of few tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precision {
    /// Codes of 8 bits, or f32 where that is as fast.
    Rounded,
    /// Codes of 16 bits, or f32 where that is as fast.
    Fine,
    /// f32.
    Float,
}

impl Precision {
    pub(super) const ALL: [Self; 3] = [Self::Rounded, Self::Fine, Self::Float];

    /// Its name in the text of a tuning.
    const fn name(self) -> &'static str {
        match self {
            Self::Rounded => "rounded",
            Self::Fine => "fine",
            Self::Float => "float",
        }
    }

    /// True where a kernel has this precision.
    pub(super) fn allows(self, kernel: &LinearKernel) -> bool {
        match kernel.integer_encoding() {
            None => true,
            Some(Encoding::Int8) => self == Self::Rounded,
            Some(_) => self == Self::Fine,
        }
    }
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

    /// The kernels chosen so far, a line each: format, rows, groups, precision, kernel.
    pub(crate) fn tuning_text(&self) -> String {
        let chosen = self.tuning.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        chosen.iter().fold(String::new(), |mut text, (kind, kernel)| {
            let MatrixKind { format, rows, groups, precision } = kind;
            let _ = writeln!(text, "{} {rows} {groups} {} {}", format.name(), precision.name(), kernel.name());
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
    let [format, rows, groups, precision, kernel] = words.as_slice() else { return None };
    let format = WeightFormat::ALL.into_iter().find(|known| known.name() == *format)?;
    let precision = Precision::ALL.into_iter().find(|known| known.name() == *precision)?;
    let kind = MatrixKind { format, rows: rows.parse().ok()?, groups: groups.parse().ok()?, precision };
    // Only kernels that there are pipelines for.
    let known = LinearVariant::single_token(format, subgroups).filter(|known| precision.allows(known));
    let kernel = known.into_iter().find(|known| known.name() == *kernel)?;
    Some((kind, kernel))
}

#[cfg(test)]
mod tests {
    use wgslm_shaders::IntegerShape;

    use super::*;

    #[test]
    fn lines_that_make_no_sense_here_are_left_out() {
        let line = "q4_k 28672 128 rounded matvec_integer-int8-128x8x1";
        let (kind, kernel) = parse(line, true).expect("it is one of ours");
        let precision = Precision::Rounded;
        assert_eq!(kind, MatrixKind { format: WeightFormat::Q4_K, rows: 28_672, groups: 128, precision });
        let shape = IntegerShape { outputs: 8, ..IntegerShape::new(Encoding::Int8) };
        assert_eq!(kernel, LinearKernel::MatvecInteger(shape));
        assert!(parse("q4_k 2 2 float matvec-64x4x1", false).is_some());
        for other in [
            "",
            "q4_k 1 2 rounded",
            "q9 1 2 rounded matvec-64x4x1",
            "q4_k 1 2 rounded matvec-64x5x1",
            "q4_k x 2 rounded matvec-64x4x1",
            "q4_k 1 2 plain matvec-64x4x1",
            "q4_k 1 2 fine matvec_integer-int8-128x8x1",
            "q4_k 1 2 float matvec_integer-int16-128x8x1",
            "f16 1 2 fine matvec_integer-int16-128x4x1",
        ] {
            assert!(parse(other, true).is_none(), "{other}");
        }
    }
}
