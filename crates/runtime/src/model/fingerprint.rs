//! The fingerprint of a model, by which what was computed with it is recognised.

use wgslm_formats::gguf::{Array, Value};
use wgslm_formats::quantise::Policy;
use wgslm_formats::source::ModelHeader;
use xxhash_rust::xxh3::Xxh3;

/// Bytes of each tensor that are looked at: its first ones.
const SAMPLE: usize = 256;

/// The fingerprint of a model that is being loaded: a hash of its metadata, of its tensors' names, shapes and types, of the policy by which
/// they are quantised, and of the first bytes of each.
pub(crate) struct Fingerprint {
    header: Xxh3,
    /// The first bytes of all tensors, which may arrive in any order.
    samples: Vec<u8>,
}

impl Fingerprint {
    pub(crate) fn new(header: &ModelHeader, policy: Option<&Policy>) -> Self {
        let mut hash = Xxh3::new();
        for (key, value) in header.metadata.iter() {
            text(&mut hash, key);
            add_value(&mut hash, value);
        }
        for tensor in &header.tensors {
            text(&mut hash, &tensor.name);
            text(&mut hash, &format!("{:?} {:?}", tensor.kind, tensor.shape));
        }
        text(&mut hash, &format!("{policy:?}"));
        Self { header: hash, samples: vec![0; header.tensors.len() * SAMPLE] }
    }

    /// Takes the bytes at `offset` of a tensor.
    pub(crate) fn data(&mut self, tensor: usize, offset: u64, bytes: &[u8]) {
        if offset >= SAMPLE as u64 {
            return;
        }
        let offset = offset as usize;
        if let Some(sample) = self.samples.get_mut(tensor * SAMPLE + offset..(tensor + 1) * SAMPLE) {
            let count = sample.len().min(bytes.len());
            sample[..count].copy_from_slice(&bytes[..count]);
        }
    }

    /// The fingerprint, once all bytes have arrived.
    pub(crate) fn finish(mut self) -> u128 {
        self.header.update(&self.samples);
        self.header.digest128()
    }
}

/// Hashes a text and its length, so that two in a row can't be taken for two others.
fn text(hash: &mut Xxh3, text: &str) {
    hash.update(&(text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

fn add_value(hash: &mut Xxh3, value: &Value) {
    match value {
        Value::Array(Array::Strings(strings)) => strings.iter().for_each(|string| text(hash, string)),
        Value::Array(Array::I64(values)) => hash.update(bytemuck::cast_slice(values)),
        Value::Array(Array::F32(values)) => hash.update(bytemuck::cast_slice(values)),
        Value::String(string) => text(hash, string),
        other => text(hash, &format!("{other:?}")),
    }
}
