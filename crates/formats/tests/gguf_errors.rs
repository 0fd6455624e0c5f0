//! Every fault of a GGUF file has an error that names the fault and its place.

use wgslm_formats::{
    Error,
    gguf::{Reader, TensorType},
};
use wgslm_testing::{
    gguf_read::read_in_pieces,
    gguf_writer::{GgufWriter, write_string},
};

const F32: u32 = TensorType::F32.id();
const Q4_0: u32 = TensorType::Q4_0.id();

/// A file, the code of its error, and a part of the error's message.
struct Case {
    name: &'static str,
    file: Vec<u8>,
    code: &'static str,
    message: &'static str,
}

fn case(name: &'static str, file: Vec<u8>, code: &'static str, message: &'static str) -> Case {
    Case { name, file, code, message }
}

fn check(cases: &[Case]) {
    for Case { name, file, code, message } in cases {
        for size in [1, 7, 4096, usize::MAX] {
            let error = read_in_pieces(file, size).expect_err(name);
            assert_eq!(error.code(), *code, "{name}: {error}");
            assert!(error.to_string().contains(message), "{name}: {error}");
        }
    }
}

fn preamble(version: u32, tensors: u64, metadata: u64) -> Vec<u8> {
    [b"GGUF", &version.to_le_bytes()[..], &tensors.to_le_bytes(), &metadata.to_le_bytes()].concat()
}

/// A file whose only metadata entry is `key` with a value type and the bytes of its value.
fn metadata(kind: u32, value: &[u8]) -> Vec<u8> {
    GgufWriter::new().raw_metadata(b"key", kind, value).finish()
}

/// The value of an array up to its first element.
fn array_head(kind: u32, len: u64) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &len.to_le_bytes()].concat()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_string(&mut out, bytes);
    out
}

/// A file with these directory entries and 64 bytes of data.
fn tensors(entries: &[(&str, u32, &[u64], u64)]) -> Vec<u8> {
    let writer = entries
        .iter()
        .fold(GgufWriter::new(), |writer, (name, kind, shape, offset)| writer.raw_tensor(name, *kind, shape, *offset));
    writer.raw_data(&[0; 64]).finish()
}

fn tensor(kind: u32, shape: &[u64], offset: u64) -> Vec<u8> {
    tensors(&[("weight", kind, shape, offset)])
}

#[test]
fn what_is_not_gguf_is_refused() {
    check(&[
        case("other magic", b"RIFF....WAVE".to_vec(), "not-gguf", "52, 49, 46, 46"),
        case("a page", b"<!DOCTYPE html>".to_vec(), "not-gguf", "it is an HTML page"),
        case("a pointer", b"version https://git-lfs.github.com/spec/v1".to_vec(), "not-gguf", "git lfs pull"),
        case("PyTorch's", b"PK\x03\x04\0\0\x08\x08".to_vec(), "not-gguf", "convert the model to safetensors or GGUF"),
        case("older format", b"tjgg".to_vec(), "not-gguf", "older than GGUF"),
        case("shorter than the magic", b"no".to_vec(), "not-gguf", "6e, 6f"),
        case("version 1", preamble(1, 0, 0), "unsupported-version", "version 1 is not supported"),
        case("version 4", preamble(4, 0, 0), "unsupported-version", "version 4 is not supported"),
        case("version 0", preamble(0, 0, 0), "unsupported-version", "version 0 is not supported"),
        case("big-endian version", preamble(3_u32.swap_bytes(), 0, 0), "unsupported-gguf", "the file is big-endian"),
        case("big-endian magic", b"FUGG\0\0\0\x03".to_vec(), "unsupported-gguf", "the file is big-endian"),
    ]);
}

#[test]
fn absurd_counts_and_lengths_are_refused_before_anything_is_stored() {
    let key_of = |len: u64| [preamble(3, 0, 1), len.to_le_bytes().to_vec()].concat();
    let name_of = |len: u64| [preamble(3, 1, 0), len.to_le_bytes().to_vec()].concat();
    check(&[
        case("tensors", preamble(3, u64::MAX, 0), "unsupported-gguf", "the number of tensors at byte 8"),
        case("tensors just over", preamble(3, 65_537, 0), "unsupported-gguf", "no more than 65536 are read"),
        case("metadata", preamble(3, 0, 1 << 63), "unsupported-gguf", "the number of metadata entries at byte 16"),
        case("key", key_of(65_536), "unsupported-gguf", "a metadata key at byte 24: it is 65536 bytes long"),
        case("string", metadata(8, &u64::MAX.to_le_bytes()), "unsupported-gguf", "metadata key \"key\" at byte 39"),
        case("array", metadata(9, &array_head(4, 1 << 40)), "unsupported-gguf", "the length of metadata key \"key\""),
        case("array just over", metadata(9, &array_head(4, 4_194_305)), "unsupported-gguf", "it is 4194305"),
        case("tensor name", name_of(257), "unsupported-gguf", "a tensor's name at byte 24: it is 257 bytes long"),
        case(
            "string in an array",
            metadata(9, &[array_head(8, 2), string(b"a"), (1_u64 << 32).to_le_bytes().to_vec()].concat()),
            "unsupported-gguf",
            "element 2 of 2 of metadata key \"key\"",
        ),
    ]);
}

/// Four strings that are each within their limit, but together beyond that of the header, are refused.
#[test]
fn a_header_without_end_is_refused() {
    let text = "x".repeat(20 << 20);
    let file = (0..4).fold(GgufWriter::new(), |writer, index| writer.metadata(&format!("key {index}"), text.as_str()));
    let error = read_in_pieces(&file.finish(), 1 << 20).expect_err("80 MiB of header");
    assert_eq!(error.code(), "unsupported-gguf");
    assert!(error.to_string().contains("no more than 67108864 are read as a header"), "{error}");
}

#[test]
fn metadata_that_contradicts_the_format_is_refused() {
    let twice = GgufWriter::new().metadata("key", 1_u32).metadata("key", 2_u32).finish();
    let twice_as_array = GgufWriter::new().metadata("key", vec![1_u32]).metadata("key", vec![1_u32]).finish();
    let nested = GgufWriter::new().metadata("key", vec![vec![1_u32]]).finish();
    let alignment = |value: u32| GgufWriter::new().metadata("general.alignment", value).finish();
    let not_text = GgufWriter::new().raw_metadata(&[0xff], 4, &[0; 4]).finish();
    let long_key = "k".repeat(1000);
    let escaped = GgufWriter::new().raw_metadata(b"\x1b[2J", 99, &[]).finish();
    check(&[
        case("duplicate key", twice, "invalid-gguf", "metadata key \"key\" at byte 43: it stands there twice"),
        case("duplicate array", twice_as_array, "invalid-gguf", "it stands there twice"),
        case("unknown value type", metadata(13, &[]), "invalid-gguf", "at byte 35: there is no value type 13"),
        case("unknown element type", metadata(9, &array_head(13, 1)), "invalid-gguf", "there is no value type 13"),
        case("array of arrays", nested, "unsupported-gguf", "arrays of arrays are not read"),
        case(
            "empty key",
            GgufWriter::new().metadata("", 1_u32).finish(),
            "invalid-gguf",
            "key at byte 24: it is empty",
        ),
        case("key not UTF-8", not_text, "invalid-gguf", "a metadata key at byte 24: it is not UTF-8 text"),
        case(
            "token not UTF-8",
            GgufWriter::new()
                .raw_metadata(b"tokenizer.ggml.tokens", 9, &[array_head(8, 2), string(b"a"), string(&[0x80])].concat())
                .finish(),
            "invalid-gguf",
            "element 2 of 2 of metadata key \"tokenizer.ggml.tokens\" at byte 78: it is not UTF-8 text",
        ),
        case(
            "integer of 64 bits in an array",
            metadata(9, &[array_head(10, 1), u64::MAX.to_le_bytes().to_vec()].concat()),
            "unsupported-gguf",
            "18446744073709551615 takes more than 63 bits",
        ),
        case("alignment 0", alignment(0), "invalid-gguf", "general.alignment at byte 24: it should be a power of two"),
        case("alignment 48", alignment(48), "invalid-gguf", "general.alignment"),
        case(
            "alignment as text",
            GgufWriter::new().metadata("general.alignment", "32").finish(),
            "invalid-gguf",
            "general.alignment",
        ),
        case(
            "a long key in a message",
            GgufWriter::new().raw_metadata(long_key.as_bytes(), 99, &[]).finish(),
            "invalid-gguf",
            "kkk\"... at byte",
        ),
        case("a key of control characters in a message", escaped, "invalid-gguf", "\\u{1b}[2J"),
    ]);
}

#[test]
fn tensors_that_contradict_the_format_are_refused() {
    let a = ("a", F32, &[8_u64][..], 0);
    check(&[
        case("duplicate name", tensors(&[a, ("a", F32, &[8], 32)]), "invalid-gguf", "tensor \"a\" at byte 57"),
        case("unknown type", tensor(99, &[32], 0), "unsupported-tensor-type", "weight has the type number 99"),
        case("withdrawn type", tensor(4, &[32], 0), "unsupported-tensor-type", "weight has the type number 4"),
        case("five dimensions", tensor(F32, &[1; 5], 0), "invalid-gguf", "it has 5 dimensions, and no more than 4"),
        case("empty dimension", tensor(F32, &[8, 0], 0), "invalid-gguf", "its shape [8, 0] has an empty dimension"),
        case("empty row", tensor(Q4_0, &[0], 0), "invalid-gguf", "has an empty dimension"),
        case("partial block", tensor(Q4_0, &[48], 0), "invalid-gguf", "rows of 48 weights are not whole Q4_0 blocks"),
        case("weights overflow", tensor(F32, &[1 << 40, 1 << 40], 0), "invalid-gguf", "overflows"),
        case("bytes overflow", tensor(F32, &[1 << 62], 0), "invalid-gguf", "overflows"),
        case("misaligned", tensor(F32, &[8], 8), "invalid-gguf", "offset 8 is not a multiple of the alignment 32"),
        case("offset overflows", tensor(F32, &[8], u64::MAX - 31), "invalid-gguf", "lie beyond what a file can hold"),
        case("file overflows", tensor(F32, &[8], 1 << 62), "invalid-gguf", "lie beyond what a file can hold"),
        case(
            "overlap",
            tensors(&[a, ("b", F32, &[8], 0)]),
            "invalid-gguf",
            "tensor \"b\" at byte 96: its data overlaps \"a\"",
        ),
        case(
            "overlap out of order",
            tensors(&[("b", F32, &[8], 32), ("a", F32, &[9], 0)]),
            "invalid-gguf",
            "its data overlaps \"a\", which ends at byte 132",
        ),
        case("gap", tensors(&[a, ("b", F32, &[8], 64)]), "invalid-gguf", "its data leaves a gap after \"a\""),
        case("gap at the start", tensor(F32, &[8], 32), "invalid-gguf", "its data leaves a gap after the header"),
    ]);
}

#[test]
fn a_cut_file_says_where_it_was_cut() {
    let file = GgufWriter::new()
        .metadata("name", "text")
        .metadata("list", vec![1_u32, 2, 3])
        .tensor("first", TensorType::F32, &[8], &[0; 32])
        .tensor("second", TensorType::F32, &[8], &[0; 32])
        .finish();
    let cut = |len: usize| file[..len].to_vec();
    let end = file.len();
    check(&[
        case("magic", cut(2), "truncated", "it ends at byte 2 inside the preamble"),
        case("preamble", cut(20), "truncated", "it ends at byte 20 inside the preamble"),
        case("entry", cut(30), "truncated", "inside metadata entry 1 of 2"),
        case("array", cut(86), "truncated", "inside element 2 of 3 of metadata key \"list\""),
        case("directory", cut(100), "truncated", "inside tensor directory entry 1 of 2"),
        case("data", cut(end - 40), "truncated", "inside tensor \"first\" (1 of 2)"),
        case("between tensors", cut(end - 32), "truncated", "inside tensor \"second\" (2 of 2)"),
    ]);
    let error = read_in_pieces(&[], 1).expect_err("an empty file");
    assert!(matches!(error, Error::Truncated { offset: 0, .. }), "{error}");
}

#[test]
fn a_reader_that_failed_stays_failed() {
    let mut reader = Reader::new();
    let file = preamble(9, 0, 0);
    assert_eq!(reader.read(&mut file.as_slice()).expect_err("version 9").code(), "unsupported-version");
    let valid = GgufWriter::new().finish();
    assert_eq!(reader.read(&mut valid.as_slice()).expect_err("failed before").code(), "invalid-gguf");
    assert_eq!(reader.finish().expect_err("failed before").code(), "invalid-gguf");
}
