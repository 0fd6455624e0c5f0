//! Safetensors headers: valid ones, refused ones, and thousands that were damaged at random from a fixed seed. The reader must
//! neither panic nor allocate more than a small multiple of its input, and must report the same for pieces of any size.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::{Value, json};
use wgslm_formats::safetensors::{Entry, HeaderReader};
use wgslm_formats::{Error, Result};
use wgslm_testing::{
    allocation::{Counting, peak},
    damage::{damage, for_each_case, piece_limit},
    random::Random,
    safetensors_writer::SafetensorsWriter,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const DAMAGED_FILES: u64 = 6_000;

/// Allocation a byte of input: the header itself, twice while it grows, and the tensors that it lists with their names.
const BYTES_PER_BYTE: usize = 24;
/// Allocation that any file may need: messages, small containers.
const BYTES_PER_FILE: usize = 8 << 10;

/// Reads a header in pieces of the sizes that `next_size` gives.
fn read(file: &[u8], mut next_size: impl FnMut() -> usize) -> Result<Vec<Entry>> {
    let mut reader = HeaderReader::new("file");
    let mut rest = file;
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at(next_size().clamp(1, rest.len()));
        if let Some(entries) = reader.read(&mut piece)? {
            assert_eq!(reader.position(), (file.len() - after.len() - piece.len()) as u64, "the data is left");
            return Ok(entries);
        }
        assert!(piece.is_empty(), "a piece that is not used up");
        rest = after;
    }
    Err(reader.ended_early())
}

fn small() -> SafetensorsWriter {
    SafetensorsWriter::new()
        .entry("__metadata__", &json!({ "format": "pt", "\u{e9}": "\"\\" }))
        .tensor("model.embed_tokens.weight", "BF16", &[3, 4], &[1; 24])
        .tensor("scalar", "F32", &[], &[2; 4])
        .tensor("empty", "I64", &[0, 7], &[])
        .tensor("odd", "U8", &[5], &[3; 5])
}

#[test]
fn the_header_gives_types_shapes_and_places() {
    for size in [1, 7, 8, 9, 1 << 20] {
        let entries = read(&small().finish(), || size).expect("a valid file");
        let told: Vec<_> = entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry.dtype.as_str(), entry.shape.as_slice(), entry.offset, entry.bytes))
            .collect();
        let expected: [(&str, &str, &[u64], u64, u64); 4] = [
            ("model.embed_tokens.weight", "BF16", &[3, 4], 0, 24),
            ("scalar", "F32", &[], 24, 4),
            ("empty", "I64", &[0, 7], 28, 0),
            ("odd", "U8", &[5], 28, 5),
        ];
        assert_eq!(told, expected, "in pieces of {size}");
    }
}

#[test]
fn headers_that_contradict_the_format_are_refused() {
    let entry =
        |dtype: &str, shape: Value, offsets: Value| json!({ "dtype": dtype, "shape": shape, "data_offsets": offsets });
    let file = |entries: &[(&str, Value)]| {
        entries.iter().fold(SafetensorsWriter::new(), |file, (name, entry)| file.entry(name, entry)).finish()
    };
    let long = "x".repeat(600);
    for (file, reason) in [
        (file(&[("a", entry("F32", json!([2]), json!([4, 12])))]), "starts at 4"),
        (
            file(&[("a", entry("F32", json!([2]), json!([0, 8]))), ("b", entry("F32", json!([2]), json!([4, 12])))]),
            "starts at 4",
        ),
        (file(&[("a", entry("F32", json!([2]), json!([0, 7])))]), "don't take 7 bytes"),
        (file(&[("a", entry("F32", json!([2]), json!([8, 0])))]), "ends before it starts"),
        (file(&[("a", entry("F32", json!([1_u64 << 40, 1_u64 << 40]), json!([0, 8])))]), "overflows"),
        (file(&[("a", entry("F99", json!([2]), json!([0, u64::MAX])))]), "beyond what a file can hold"),
        (file(&[("a", entry("F32", json!([1, 1, 1, 1, 1, 1, 1, 1, 1]), json!([0, 4])))]), "at most 8 dimensions"),
        (file(&[("a", entry("F32", json!([-1]), json!([0, 4])))]), "its header"),
        (file(&[("a", json!({ "dtype": "F32", "shape": [1] }))]), "data_offsets"),
        (file(&[(&long, entry("F32", json!([1]), json!([0, 4])))]), "longer than"),
    ] {
        let error = read(&file, || usize::MAX).expect_err(reason);
        assert!(error.code() == "invalid-safetensors" && error.to_string().contains(reason), "{reason}: {error}");
    }
    let entry = r#""dtype":"F32","shape":[1],"data_offsets":"#;
    let twice = format!(r#"{{"a":{{{entry}[0,4]}},"a":{{{entry}[4,8]}}}}"#);
    for (header, code) in
        [(twice.as_str(), "invalid-safetensors"), ("[]", "invalid-safetensors"), ("", "invalid-safetensors")]
    {
        let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
        assert_eq!(read(&file, || usize::MAX).expect_err(header).code(), code, "{header}");
    }
}

#[test]
fn announced_lengths_allocate_nothing() {
    for (length, code) in [
        (64_u64 << 20, "truncated"),
        ((64 << 20) + 1, "unsupported-safetensors"),
        (u64::MAX, "unsupported-safetensors"),
    ] {
        let file = [&length.to_le_bytes()[..], b"{"].concat();
        let (result, allocated) = peak(|| read(&file, || usize::MAX));
        assert_eq!(result.expect_err("it isn't there").code(), code);
        assert!(allocated < 4096, "{allocated} bytes allocated for a header of {length}");
    }
    // Deep nesting in values that are skipped, and in those that are parsed.
    for name in ["__metadata__", "a"] {
        let header = format!("{{\"{name}\":{}", "[".repeat(100_000));
        let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
        assert_eq!(read(&file, || usize::MAX).expect_err("it is cut").code(), "invalid-safetensors");
    }
    let shape = vec![1_u64; 50_000];
    let file = SafetensorsWriter::new().tensor("a", "F32", &shape, &[0; 4]).finish();
    let (result, allocated) = peak(|| read(&file, || usize::MAX));
    assert_eq!(result.expect_err("too many dimensions").code(), "invalid-safetensors");
    assert!(allocated <= 2 * file.len(), "{allocated} bytes allocated for a file of {}", file.len());
}

#[test]
fn damaged_headers_neither_panic_nor_allocate_much() {
    let many = (0..40).fold(SafetensorsWriter::new(), |file, layer| {
        file.tensor(&format!("model.layers.{layer}.mlp.up_proj.weight"), "F16", &[2, 3], &[9; 12])
    });
    let files = [small().finish(), many.finish()];
    let outcomes = RefCell::new(BTreeMap::<_, usize>::new());
    for_each_case(DAMAGED_FILES, |random: &mut Random| {
        let mut file = files[random.below(files.len())].clone();
        let other = &files[random.below(files.len())];
        damage(random, &mut file, other);
        let limit = piece_limit(random);
        let (pieces, allocated) = peak(|| read(&file, || random.below(limit).saturating_add(1)));
        let allowed = BYTES_PER_BYTE * file.len() + BYTES_PER_FILE;
        assert!(allocated <= allowed, "{allocated} bytes allocated for a file of {} bytes: {pieces:?}", file.len());
        let whole = read(&file, || usize::MAX);
        let describe = |error: &Error| format!("{} {error}", error.code());
        assert_eq!(whole.as_ref().map_err(describe), pieces.as_ref().map_err(describe));
        *outcomes.borrow_mut().entry(whole.as_ref().map_or_else(Error::code, |_| "complete")).or_default() += 1;
    });
    let outcomes = outcomes.into_inner();
    let expected = ["complete", "invalid-safetensors", "truncated", "unsupported-safetensors"];
    assert!(outcomes.keys().eq(&expected), "{outcomes:?}");
}
