//! Quantising a GGUF file: the values that change, and those that stay to the byte.

use wgslm_formats::gguf::TensorType;
use wgslm_formats::quantise::FileQuantiser;
use wgslm_formats::{Error, Result};
use wgslm_testing::gguf_writer::GgufWriter;

/// The quantised file, from one of these bytes in pieces of `size`.
fn quantised_as(bytes: &[u8], policy: &str, size: usize) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut quantiser = FileQuantiser::new(policy.parse()?);
    for piece in bytes.chunks(size) {
        quantiser.push(piece, &mut |bytes: &[u8]| {
            file.extend_from_slice(bytes);
            Ok::<(), Error>(())
        })?;
    }
    quantiser.finish()?;
    Ok(file)
}

/// Metadata of every type, also of those that the reader widens.
fn every_value() -> GgufWriter {
    GgufWriter::new()
        .metadata("u8", u8::MAX)
        .metadata("i16", i16::MIN)
        .metadata("u32", 7_u32)
        .metadata("f32", 1.5_f32)
        .metadata("bool", true)
        .metadata("string", "größer")
        .metadata("u64", u64::MAX)
        .metadata("f64", -2.25_f64)
        .metadata("u8s", vec![0_u8, 255])
        .metadata("f64s", vec![0.25_f64])
        .metadata("bools", vec![true, false])
        .metadata("strings", vec!["", "ää"])
        .metadata("no strings", Vec::<String>::new())
}

/// Two rows of 64 weights: multiples of an eighth up to 15.
fn weights() -> Vec<f32> {
    (0..128).map(|i| ((i * 37 % 241) as f32 - 120.0) / 8.0).collect()
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Q8_0 by its definition: an f16 scale, a 127th of the largest magnitude, and 32 codes.
fn q8_0(values: &[f32]) -> Vec<u8> {
    let block = |block: &[f32]| {
        let scale = block.iter().fold(0.0f32, |largest, value| largest.max(value.abs())) / 127.0;
        let codes = block.iter().map(|value| (value * (1.0 / scale)).round() as i8 as u8);
        half::f16::from_f32(scale).to_le_bytes().into_iter().chain(codes.collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    values.chunks(32).flat_map(block).collect()
}

#[test]
fn all_but_the_quantised_matrices_stays_to_the_byte() {
    let (vector, other) = (bytes_of(&[0.5, -1.0, 3.0]), vec![7; 18 * 4]);
    let rest = |writer: GgufWriter| {
        writer.tensor("norm.weight", TensorType::F32, &[3], &vector).tensor(
            "already.weight",
            TensorType::Q4_0,
            &[64, 2],
            &other,
        )
    };
    let file = every_value().metadata("general.file_type", 0_u32).alignment(64).metadata("after", 1_i8);
    let file = rest(file.tensor("matrix.weight", TensorType::F32, &[64, 2], &bytes_of(&weights()))).finish();
    let expected = every_value().alignment(64).metadata("after", 1_i8);
    // The keys that say how the weights are stored come last.
    let expected = expected.metadata("general.file_type", 7_u32).metadata("general.quantization_version", 2_u32);
    let expected = rest(expected.tensor("matrix.weight", TensorType::Q8_0, &[64, 2], &q8_0(&weights()))).finish();
    // A tie in the numbers of weights goes to the type of the higher number, Q8_0.
    for size in [1, 7, 100, usize::MAX] {
        let found = quantised_as(&file, "q8", size).expect("it has floats");
        assert!(found == expected, "in pieces of {size}");
    }
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is() {
    let matrix = |kind: TensorType, bytes: usize| {
        GgufWriter::new().tensor("blk.0.ffn_up.weight", kind, &[64, 2], &vec![0; bytes]).finish()
    };
    let (floats, quantised) = (matrix(TensorType::F16, 256), matrix(TensorType::Q4_1, 80));
    for (file, policy, code, message) in [
        (&floats, "nf4", "no-gguf-type", "write q4"),
        (&floats, "q4-dq", "no-gguf-type", "--quantize"),
        (&floats, r#"{"rules": [{"pattern": "blk.*", "kind": "nf4"}]}"#, "no-gguf-type", "nf4"),
        (&floats, "q3", "quantize-policy", "q8, q4, nf4, mixed"),
        (&quantised, "q8", "already-quantized", "Q4_1"),
        (&b"nothing".to_vec(), "q8", "not-gguf", "not a GGUF file"),
    ] {
        let error = quantised_as(file, policy, 61).expect_err(policy);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    for length in [0, 20, 90, floats.len() - 40] {
        let error = quantised_as(&floats[..length], "q4", 61).expect_err("it is cut short");
        assert_eq!(error.code(), "truncated", "at {length}: {error}");
    }
}
