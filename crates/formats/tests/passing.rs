//! Tests that bytes can be taken from a file without the reader, which says what they are.

use std::collections::BTreeMap;

use wgslm_formats::Result;
use wgslm_formats::gguf::TensorType;
use wgslm_formats::source::{self, Event, Reader, Upcoming};
use wgslm_testing::model_files::{Files, hugging_face, split_gguf, tensors};
use wgslm_testing::safetensors_writer::SafetensorsWriter;

/// The bytes of all tensors, each at its offset, and the number of bytes passed over.
#[derive(Default)]
struct Taken {
    tensors: BTreeMap<usize, BTreeMap<u64, u8>>,
    passed: u64,
}

impl Taken {
    fn data(&mut self, tensor: usize, offset: u64, bytes: &[u8]) {
        let tensor = self.tensors.entry(tensor).or_default();
        for (place, byte) in (offset..).zip(bytes) {
            assert_eq!(tensor.insert(place, *byte), None, "each byte comes once");
        }
    }

    /// Reads `files` in pieces; takes what it can without the reader if `passes`.
    fn of(files: &Files, piece: usize, passes: bool) -> Result<Self> {
        let mut taken = Self::default();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        let mut reader = Reader::new(source::entry(&names)?);
        while let Some(wanted) = reader.next_file() {
            let Some(mut bytes) = files.get(&wanted.file).map(|bytes| &bytes[wanted.offset as usize..]) else {
                reader.absent()?;
                continue;
            };
            while !bytes.is_empty() && reader.reads_on() {
                let mut input = &bytes[..piece.min(bytes.len())];
                let whole = input.len();
                match reader.upcoming().filter(|_| passes) {
                    Some(Upcoming { gap, tensor, offset, bytes, run }) => {
                        assert!(bytes > 0 && run >= gap + bytes);
                        let (gap, count) = (gap.min(whole as u64), (gap + bytes).min(whole as u64));
                        if let Some(tensor) = tensor {
                            taken.data(tensor, offset, &input[gap as usize..count as usize]);
                        }
                        reader.pass(count);
                        taken.passed += count;
                        input = &input[count as usize..];
                    }
                    None => {
                        while let Some(event) = reader.read(&mut input)? {
                            if let Event::Data { tensor, offset, bytes } = event {
                                taken.data(tensor, offset, &bytes);
                            }
                        }
                    }
                }
                bytes = &bytes[whole - input.len()..];
            }
            reader.end_file()?;
        }
        reader.finish()?;
        Ok(taken)
    }
}

/// A folder with tensors before, between and after the others that a model has no use for.
fn with_tensors_left_out() -> Files {
    let mut files = hugging_face(TensorType::F16, 1);
    let left_out = |writer: SafetensorsWriter, layer: usize| {
        writer.tensor(&format!("model.layers.{layer}.self_attn.rotary_emb.inv_freq"), "F32", &[8], &[7; 32])
    };
    let mut writer = left_out(SafetensorsWriter::new(), 0);
    for (index, tensor) in tensors().iter().enumerate() {
        writer = tensor.write_safetensors(writer, TensorType::F16);
        if index == 5 {
            writer = left_out(writer, 1);
        }
    }
    files.insert("model.safetensors".to_owned(), left_out(writer, 2).finish());
    files
}

#[test]
fn what_is_taken_without_the_reader_is_what_it_would_have_read() {
    let models = [
        ("three parts of GGUF", split_gguf(TensorType::F16, 3)),
        ("a folder whose queries and keys are rewritten", hugging_face(TensorType::BF16, 2)),
        ("a folder with tensors that are left out", with_tensors_left_out()),
    ];
    for (what, files) in models {
        let expected = Taken::of(&files, 1 << 20, false).expect("it is a model");
        for piece in [4000, 1000, 33] {
            let taken = Taken::of(&files, piece, true).expect("it is a model");
            assert!(taken.tensors == expected.tensors, "{what}, in pieces of {piece}");
            assert!(taken.passed > 10_000, "{what}: {} bytes", taken.passed);
        }
    }
}

#[test]
fn a_file_that_ends_after_bytes_were_passed_is_truncated() {
    let mut files = split_gguf(TensorType::F16, 1);
    let bytes = files.values_mut().next().expect("there is one");
    bytes.truncate(bytes.len() - 200);
    for passes in [false, true] {
        let error = Taken::of(&files, 777, passes).map(|_| ()).expect_err("it is not whole");
        assert_eq!(error.code(), "truncated");
        assert!(error.to_string().contains(&(files.values().next().map_or(0, Vec::len)).to_string()), "{error}");
    }
}
