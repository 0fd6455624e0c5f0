//! The GGUF reader on whole files, in pieces of any size.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use wgslm_formats::gguf::{Array, Event, Reader, TensorType, Value};
use wgslm_testing::{
    gguf_read::{File, read_in_pieces},
    gguf_writer::{GgufWriter, write_string},
    golden, golden_roots, smollm2_model,
};

const PIECES: [usize; 5] = [1, 7, 4096, 65_537, usize::MAX];

fn every_value() -> GgufWriter {
    GgufWriter::new()
        .metadata("u8", u8::MAX)
        .metadata("i8", i8::MIN)
        .metadata("u16", u16::MAX)
        .metadata("i16", i16::MIN)
        .metadata("u32", u32::MAX)
        .metadata("i32", i32::MIN)
        .metadata("f32", 1.5_f32)
        .metadata("bool", true)
        .metadata("string", "größer")
        .metadata("empty string", "")
        .metadata("u64", u64::MAX)
        .metadata("i64", i64::MIN)
        .metadata("f64", -2.25_f64)
        .metadata("u8s", vec![0_u8, 255])
        .metadata("i16s", vec![-1_i16, 1])
        .metadata("u64s", vec![i64::MAX as u64])
        .metadata("f32s", vec![0.5_f32, -0.5])
        .metadata("f64s", vec![0.25_f64])
        .metadata("bools", vec![true, false, true])
        .metadata("strings", vec!["", "a", "ää", "<|im_start|>"])
        .metadata("no strings", Vec::<String>::new())
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

fn strings(file: &File, key: &str) -> Vec<String> {
    file.header.metadata.require_strings(key).expect(key).iter().map(str::to_owned).collect()
}

#[test]
fn every_metadata_type_is_read() {
    let file = read_in_pieces(&every_value().finish(), usize::MAX).expect("a valid file");
    let expected = [
        ("u8", Value::U64(255)),
        ("i8", Value::I64(-128)),
        ("u16", Value::U64(65_535)),
        ("i16", Value::I64(-32_768)),
        ("u32", Value::U64(u32::MAX.into())),
        ("i32", Value::I64(i32::MIN.into())),
        ("f32", Value::F64(1.5)),
        ("bool", Value::Bool(true)),
        ("string", Value::String("größer".into())),
        ("empty string", Value::String(String::new())),
        ("u64", Value::U64(u64::MAX)),
        ("i64", Value::I64(i64::MIN)),
        ("f64", Value::F64(-2.25)),
        ("u8s", Value::Array(Array::I64(vec![0, 255]))),
        ("i16s", Value::Array(Array::I64(vec![-1, 1]))),
        ("u64s", Value::Array(Array::I64(vec![i64::MAX]))),
        ("f32s", Value::Array(Array::F32(vec![0.5, -0.5]))),
        ("f64s", Value::Array(Array::F32(vec![0.25]))),
        ("bools", Value::Array(Array::Bool(vec![true, false, true]))),
    ];
    for (key, value) in &expected {
        assert_eq!(file.header.metadata.get(key), Some(value), "{key}");
    }
    assert_eq!(strings(&file, "strings"), ["", "a", "ää", "<|im_start|>"]);
    assert!(strings(&file, "no strings").is_empty());
    assert_eq!(file.header.metadata.iter().count(), expected.len() + 2);
}

/// Values that stray from the format are read as llama.cpp reads them.
#[test]
fn values_that_llama_cpp_takes_are_taken() {
    let wrong = b"caf\xe9";
    let mut text = Vec::new();
    write_string(&mut text, wrong);
    let list = [&8_u32.to_le_bytes()[..], &1_u64.to_le_bytes(), &text].concat();
    let bools = [&7_u32.to_le_bytes()[..], &3_u64.to_le_bytes(), &[0, 2, 255]].concat();
    let file = GgufWriter::new()
        .raw_metadata(b"general.description", 8, &text)
        .raw_metadata(b"general.tags", 9, &list)
        .raw_metadata(b"tokenizer.ggml.add_bos_token", 7, &[2])
        .raw_metadata(b"llama.attention.sliding_window_pattern", 9, &bools)
        .tensor("scale", TensorType::F32, &[], &1_f32.to_le_bytes())
        .finish();
    let read = read_in_pieces(&file, 3).expect("llama.cpp reads it");
    let metadata = &read.header.metadata;
    assert_eq!(metadata.require_str("general.description").expect("there"), "caf\u{fffd}");
    assert_eq!(strings(&read, "general.tags"), ["caf\u{fffd}"]);
    assert_eq!(metadata.bool("tokenizer.ggml.add_bos_token").expect("there"), Some(true));
    let pattern = metadata.get("llama.attention.sliding_window_pattern");
    assert_eq!(pattern, Some(&Value::Array(Array::Bool(vec![false, true, true]))));
    let scale = &read.header.tensors[0];
    assert_eq!((scale.shape.as_slice(), scale.bytes), (&[1][..], 4));
}

#[test]
fn the_size_of_the_pieces_makes_no_difference() {
    let file = every_value()
        .tensor("one", TensorType::Q4_1, &[64, 3], &bytes(120))
        .tensor("two", TensorType::F32, &[1], &bytes(4))
        .tensor("three", TensorType::BF16, &[5, 3, 2, 2], &bytes(120))
        .finish();
    let whole = read_in_pieces(&file, usize::MAX).expect("a valid file");
    assert_eq!(whole.tensors, [bytes(120), bytes(4), bytes(120)]);
    for size in PIECES {
        assert_eq!(read_in_pieces(&file, size).expect("a valid file"), whole, "pieces of {size}");
    }
}

#[test]
fn version_2_reads_like_version_3() {
    let writer = every_value().tensor("weight", TensorType::Q8_0, &[32, 2], &bytes(68));
    let newer = read_in_pieces(&writer.clone().finish(), usize::MAX).expect("version 3");
    let older = read_in_pieces(&writer.version(2).finish(), usize::MAX).expect("version 2");
    assert_eq!((older.header.version, newer.header.version), (2, 3));
    assert_eq!((older.header.metadata, older.header.tensors), (newer.header.metadata, newer.header.tensors));
    assert_eq!(older.tensors, newer.tensors);
}

#[test]
fn tensors_come_in_file_order_with_their_place_in_the_directory() {
    let file = GgufWriter::new()
        .alignment(64)
        .raw_tensor("last", TensorType::F32.id(), &[2, 2], 128)
        .raw_tensor("first", TensorType::I8.id(), &[65], 0)
        .raw_data(&bytes(144))
        .finish();
    let read = read_in_pieces(&file, 10).expect("a valid file");
    assert_eq!(read.completed, [1, 0]);
    assert_eq!(read.tensors, [bytes(144)[128..].to_vec(), bytes(65)]);
    assert_eq!((read.header.alignment, read.header.data_offset % 64), (64, 0));

    let tensor = read.header.tensor("last").expect("it is there");
    assert_eq!((tensor.row_len(), tensor.rows(), tensor.row_bytes(), tensor.bytes), (2, 2, 8, 16));
    assert_eq!(read.header.tensor("middle"), None);
}

#[test]
fn padding_may_be_missing_at_the_end_and_bytes_may_follow() {
    let mut file = GgufWriter::new().tensor("weight", TensorType::F32, &[3], &bytes(12)).finish();
    let read = read_in_pieces(&file, usize::MAX).expect("a valid file");
    let end = read.header.file_len() as usize;
    assert_eq!(end, file.len() - 20);
    assert_eq!(read_in_pieces(&file[..end], 5).expect("no padding"), read);
    file.extend_from_slice(&bytes(100));
    assert_eq!(read_in_pieces(&file, 5).expect("bytes after the end"), read);
}

#[test]
fn a_file_without_tensors_is_complete_after_its_header() {
    let file = GgufWriter::new().metadata("general.architecture", "llama").finish();
    let read = read_in_pieces(&file, usize::MAX).expect("a valid file");
    let end = read.header.file_len() as usize;
    assert!(end <= file.len());
    assert_eq!(read_in_pieces(&file[..end], 1).expect("no padding"), read);
}

#[test]
fn tensor_types_are_found_by_their_numbers() {
    for kind in TensorType::ALL {
        assert_eq!(TensorType::from_id(kind.id()), Some(*kind));
    }
    let withdrawn = [4, 5, 31, 32, 33, 36, 37, 38, 42, u32::MAX];
    assert!(withdrawn.iter().all(|id| TensorType::from_id(*id).is_none()));
    assert_eq!(TensorType::IQ2_XXS.to_string(), "IQ2_XXS");
}

/// The golden files of every tensor type are read whole: a wrong block size would make tensors overlap or leave gaps.
#[test]
fn golden_files_are_complete_to_their_last_byte() {
    let paths: Vec<PathBuf> = golden_roots()
        .iter()
        .flat_map(|root| ["arch", "quant", "models"].map(|folder| root.join(folder)))
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.map(|entry| entry.expect("a readable folder").path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "gguf"))
        .collect();
    assert!(paths.len() >= 70, "{paths:?}");
    for path in paths {
        let bytes = fs::read(&path).expect("a readable file");
        let whole = read_in_pieces(&bytes, usize::MAX).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // Some writers pad the last tensor to the alignment too.
        let padded = whole.header.file_len().next_multiple_of(32);
        assert!((whole.header.file_len()..=padded).contains(&(bytes.len() as u64)), "{}", path.display());
        assert_eq!(read_in_pieces(&bytes, 1009).expect("a valid file"), whole, "{}", path.display());
    }
}

#[test]
fn a_golden_file_has_its_known_facts() {
    let bytes = fs::read(golden("quant/tiny-llama-q4_1.gguf")).expect("a readable file");
    for size in [1, 7, 4096, usize::MAX] {
        let file = read_in_pieces(&bytes, size).expect("a valid file");
        let metadata = &file.header.metadata;
        assert_eq!(metadata.require_str("general.architecture").expect("there"), "llama");
        assert_eq!(metadata.require_u32("llama.attention.head_count_kv").expect("there"), 2);
        assert_eq!(metadata.bool("tokenizer.ggml.add_bos_token").expect("there"), Some(false));
        assert_eq!(metadata.integers("tokenizer.ggml.token_type").expect("there").map(<[i64]>::len), Some(320));
        assert_eq!(strings(&file, "tokenizer.ggml.merges"), ["Ġ t", "h e"]);
        assert_eq!((file.header.version, file.header.data_offset, file.header.tensors.len()), (3, 6464, 12));
        let output = file.header.tensor("output.weight").expect("there");
        assert_eq!((output.kind, output.shape.as_slice(), output.bytes), (TensorType::Q4_1, &[256, 320][..], 51_200));
        assert_eq!(file.tensors[0], bytes[6464..6464 + 51_200]);
    }
}

#[test]
fn the_real_model_streams_from_its_file() {
    let Some(path) = smollm2_model() else { return };
    let len = fs::metadata(&path).expect("a readable file").len();
    let (tensors, bytes) = stream(&path);
    assert_eq!((tensors, bytes), (272, len - 1_785_664));
}

/// Streams a file, and returns how many tensors were complete and how many bytes they held.
fn stream(path: &Path) -> (usize, u64) {
    let mut source = fs::File::open(path).expect("a readable file");
    let (mut reader, mut buffer) = (Reader::new(), vec![0; 1 << 20]);
    let (mut tensors, mut total, mut lengths) = (0, 0, Vec::new());
    loop {
        let count = source.read(&mut buffer).expect("a readable file");
        if count == 0 {
            break;
        }
        let mut input = &buffer[..count];
        while let Some(event) = reader.read(&mut input).expect("a valid file") {
            match event {
                Event::Header(header) => {
                    assert_eq!(header.metadata.require_strings("tokenizer.ggml.tokens").expect("there").len(), 49_152);
                    assert_eq!(header.metadata.require_strings("tokenizer.ggml.merges").expect("there").len(), 48_900);
                    lengths = header.tensors.iter().map(|tensor| tensor.bytes).collect();
                }
                Event::Data { tensor, offset, bytes } => {
                    total += bytes.len() as u64;
                    tensors += usize::from(offset + bytes.len() as u64 == lengths[tensor]);
                }
            }
        }
    }
    reader.finish().expect("a complete file");
    (tensors, total)
}
