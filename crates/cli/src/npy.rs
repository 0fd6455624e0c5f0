//! NumPy's .npy format, version 1.0: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::io::{Result, Write};

/// The offset of the values is a multiple of this, by padding of the header.
const ALIGNMENT: usize = 64;

/// Writes the header of a little-endian float32 array in C order.
pub(crate) fn write_header(output: &mut impl Write, shape: &[usize]) -> Result<()> {
    let dimensions: String = shape.iter().map(|dimension| format!("{dimension}, ")).collect();
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({dimensions}), }}");
    let before = b"\x93NUMPY\x01\x00".len() + 2;
    let padded = (before + header.len() + 1).next_multiple_of(ALIGNMENT) - before;
    header += &" ".repeat(padded - 1 - header.len());
    header.push('\n');
    output.write_all(b"\x93NUMPY\x01\x00")?;
    output.write_all(&(padded as u16).to_le_bytes())?;
    output.write_all(header.as_bytes())
}

/// Writes values in little-endian order.
pub(crate) fn write_values(output: &mut impl Write, values: &[f32]) -> Result<()> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    output.write_all(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_begin_at_a_multiple_of_the_alignment() {
        for shape in [vec![1, 2], vec![123_456, 49_152], vec![7]] {
            let mut bytes = Vec::new();
            write_header(&mut bytes, &shape).expect("a Vec takes everything");
            assert_eq!(bytes.len() % ALIGNMENT, 0, "{shape:?}");
            assert_eq!(usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), bytes.len() - 10);
            assert_eq!(bytes.last(), Some(&b'\n'));
        }
    }
}
