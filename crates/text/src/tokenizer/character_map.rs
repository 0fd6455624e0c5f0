//! SentencePiece's normalisation of text: `tokenizer.ggml.precompiled_charsmap`.
//!
//! The map is a double array in the form of Darts-clone (<https://github.com/s-yata/darts-clone>, Yata, 2010), whose values
//! are places in a blob of strings that end in NUL: the replacements
//! (<https://github.com/google/sentencepiece/blob/master/src/normalizer.cc>).

use wgslm_formats::gguf::Metadata;

use crate::{Error, Result};

const KEY: &str = "tokenizer.ggml.precompiled_charsmap";

/// A map from stretches of text to their replacements.
#[derive(Debug, Default)]
pub(super) struct CharacterMap {
    units: Vec<Unit>,
    replacements: String,
}

/// A node of the double array: its label, whether a value belongs to it, and the offset of its children.
#[derive(Clone, Copy, Debug)]
struct Unit(u32);

impl Unit {
    /// The byte that leads to this node; not a byte, if the node holds a value.
    fn label(self) -> u32 {
        self.0 & (1 << 31 | 0xFF)
    }

    /// True if the text up to this node has a replacement.
    fn has_value(self) -> bool {
        self.0 >> 8 & 1 == 1
    }

    /// The offset: the index of this node XOR the offset is the index of its value, and XOR a byte as well, that of a child.
    fn offset(self) -> usize {
        ((self.0 >> 10) << ((self.0 >> 9 & 1) * 8)) as usize
    }

    /// The value of a node that holds one.
    fn value(self) -> usize {
        (self.0 & !(1 << 31)) as usize
    }
}

impl CharacterMap {
    /// Moves the map out of the metadata; the map is empty where there is none.
    pub(super) fn take_from(metadata: &mut Metadata) -> Result<Self> {
        let Some(numbers) = metadata.integers(KEY)? else { return Ok(Self::default()) };
        // Bytes may be signed or not.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let bytes: Vec<u8> = numbers.iter().map(|&number| number as u8).collect();
        metadata.remove(KEY);
        let map = bytes.split_first_chunk().and_then(|(length, rest)| {
            let (units, replacements) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            let units = units.as_chunks().0.iter().map(|unit| Unit(u32::from_le_bytes(*unit))).collect();
            Some(Self { units, replacements: String::from_utf8(replacements.to_vec()).ok()? })
        });
        map.ok_or_else(damaged)
    }

    /// The length of the longest prefix of `text` that has a replacement, and the replacement.
    pub(super) fn longest(&self, text: &str) -> Result<Option<(usize, &str)>> {
        let Some(root) = self.units.first() else { return Ok(None) };
        let mut longest = None;
        let mut at = root.offset();
        for (number, byte) in text.bytes().enumerate() {
            at ^= usize::from(byte);
            let unit = *self.units.get(at).ok_or_else(damaged)?;
            // The label of a value is no byte, and NUL leads to values alone.
            if byte == 0 || unit.label() != u32::from(byte) {
                break;
            }
            at ^= unit.offset();
            if unit.has_value() && text.is_char_boundary(number + 1) {
                longest = Some((number + 1, self.units.get(at).ok_or_else(damaged)?.value()));
            }
        }
        longest.map(|(length, value)| Ok((length, self.replacement(value)?))).transpose()
    }

    fn replacement(&self, start: usize) -> Result<&str> {
        let replacement = self.replacements.get(start..).and_then(|rest| rest.split_once('\0'));
        replacement.map(|(replacement, _)| replacement).ok_or_else(damaged)
    }
}

fn damaged() -> Error {
    Error::invalid_metadata(KEY, "it is no map of characters; convert the model again".to_owned())
}
