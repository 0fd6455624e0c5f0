//! Tests that mixed tensor types, as in Q4_K_M, don't change the logits, though they change which tensors are fused.

use wgslm::engine::EngineOptions;
use wgslm::formats::gguf::{TensorInfo, TensorType, Value};
use wgslm_testing::gguf_read::{File, read_in_pieces};
use wgslm_testing::gguf_writer::GgufWriter;
use wgslm_testing::golden;

use crate::adapters::{laid_out, some_adapters};
use crate::setup::{load_bytes, logits, normalised_error};

/// The tensors to store as F32 instead of F16, with exactly the same values, in each of several files.
const AS_F32: [&[&str]; 6] =
    [&[], &["attn_v"], &["attn_k"], &["attn_q", "attn_output"], &["ffn_up"], &["attn_v", "ffn_gate", "ffn_down"]];

/// The file without its tokenizer, and with tensors whose type and bytes `change` may replace.
pub(crate) fn rewritten(file: &File, change: impl Fn(&TensorInfo, &[u8]) -> Option<(TensorType, Vec<u8>)>) -> Vec<u8> {
    let mut writer = GgufWriter::new();
    for (key, value) in file.header.metadata.iter() {
        writer = match value {
            Value::U64(number) => writer.metadata(key, u32::try_from(*number).expect("sizes are small")),
            Value::F64(number) => writer.metadata(key, *number as f32),
            Value::String(text) => writer.metadata(key, text.as_str()),
            _ => writer,
        };
    }
    for (info, data) in file.header.tensors.iter().zip(&file.tensors) {
        let changed = change(info, data);
        let (kind, data) = changed.as_ref().map_or((info.kind, data), |(kind, data)| (*kind, data));
        writer = writer.tensor(&info.name, kind, &info.shape, data);
    }
    writer.finish()
}

/// The file with the F16 tensors of these names converted to F32.
fn with_f32(file: &File, names: &[&str]) -> Vec<u8> {
    rewritten(file, |info, data| {
        let changes = names.iter().any(|name| info.name.contains(name)) && info.kind == TensorType::F16;
        let float = |half: &[u8]| half::f16::from_le_bytes([half[0], half[1]]).to_f32().to_le_bytes();
        changes.then(|| (TensorType::F32, data.chunks_exact(2).flat_map(float).collect()))
    })
}

#[test]
fn logits_do_not_depend_on_what_shares_a_matrix() {
    let bytes = std::fs::read(golden("quant/tiny-llama-f16.gguf")).expect("it is readable");
    let file = read_in_pieces(&bytes, bytes.len()).expect("it is whole");
    for device in some_adapters() {
        for rows in [false, true] {
            let device = laid_out(device, rows);
            let all = AS_F32.map(|as_f32| {
                let bytes = with_f32(&file, as_f32);
                let engine = load_bytes(&device, &bytes, 1 << 20, &EngineOptions::default()).expect("it loads");
                // With the kernels for few tokens, and with those for many.
                [logits(&engine, &[1, 2, 3, 4, 5]), logits(&engine, &(1..40).collect::<Vec<u32>>())].concat()
            });
            for (as_f32, other) in AS_F32.iter().zip(&all).skip(1) {
                let error = normalised_error(other, &all[0]);
                assert!(error < 1e-5, "{as_f32:?} on {}, interleaved {rows}: {error:.1e}", device.adapter().name);
            }
        }
    }
}
