//! The fingerprint of a model, by which what was computed with it is recognised.

use wgslm_formats::gguf::{Array, Value};
use wgslm_formats::quantise::Policy;
use wgslm_formats::source::ModelHeader;
use xxhash_rust::xxh3::Xxh3;

/// Bytes of each tensor that are looked at: its first ones.
pub(crate) const SAMPLE: usize = 256;

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

#[cfg(test)]
mod tests {
    use wgslm_formats::gguf::{TensorInfo, TensorType};
    use wgslm_formats::source::Format;

    use super::*;
    use crate::model::architecture::metadata_of;

    const BYTES: u64 = 2048;

    fn header() -> ModelHeader {
        let keys = [("block_count", Value::U64(2)), ("context_length", Value::U64(64))];
        let tensor = |name: &str| TensorInfo {
            name: name.to_owned(),
            kind: TensorType::F16,
            shape: vec![32, 32],
            offset: 0,
            bytes: BYTES,
        };
        ModelHeader {
            metadata: metadata_of("llama", &keys),
            tensors: ["a", "b"].map(tensor).to_vec(),
            format: Format::Gguf(3),
            files: Vec::new(),
            tokenizer: None,
        }
    }

    /// The fingerprint of a model whose tensors arrive in pieces of `piece` bytes, the last of them first if `backwards`.
    fn of(
        header: &ModelHeader,
        policy: Option<&Policy>,
        piece: usize,
        backwards: bool,
        damaged: Option<usize>,
    ) -> u128 {
        let mut fingerprint = Fingerprint::new(header, policy);
        for tensor in 0..header.tensors.len() {
            let mut bytes: Vec<u8> = (0..BYTES).map(|place| (place * 7 % 251) as u8 + tensor as u8).collect();
            if let Some(place) = damaged {
                bytes[place] ^= 1;
            }
            let mut pieces: Vec<_> = bytes.chunks(piece).enumerate().collect();
            if backwards {
                pieces.reverse();
            }
            for (index, bytes) in pieces {
                fingerprint.data(tensor, (index * piece) as u64, bytes);
            }
        }
        fingerprint.finish()
    }

    #[test]
    fn a_fingerprint_depends_on_the_model_and_not_on_the_way_that_it_arrives() {
        let whole = of(&header(), None, BYTES as usize, false, None);
        for (piece, backwards) in [(1, false), (100, true), (256, false), (257, true)] {
            assert_eq!(of(&header(), None, piece, backwards, None), whole, "pieces of {piece}");
        }
        let policy: Policy = "q4".parse().expect("it is one");
        let mut others =
            vec![of(&header(), Some(&policy), 100, false, None), of(&header(), None, 100, false, Some(255))];
        let changes: [fn(&mut ModelHeader); 5] = [
            |header| drop(header.metadata.insert("llama.block_count", Value::U64(3))),
            |header| drop(header.metadata.insert("general.name", Value::String("other".to_owned()))),
            |header| header.tensors[0].name = "c".to_owned(),
            |header| header.tensors[1].kind = TensorType::BF16,
            |header| header.tensors[1].shape = vec![64, 16],
        ];
        for change in changes {
            let mut header = header();
            change(&mut header);
            others.push(of(&header, None, 100, false, None));
        }
        others.push(whole);
        let count = others.len();
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), count, "each change shows");
    }
}
