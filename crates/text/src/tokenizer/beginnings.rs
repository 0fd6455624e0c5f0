//! Finds the tokens that begin with a text.

use super::spelling::Spelling;
use super::vocabulary::Vocabulary;

/// The bytes that a key has.
const KEY_BYTES: usize = 4;

/// Tokens sorted by the first bytes of their text, since a look at every token of a vocabulary takes longer than a step of a model.
#[derive(Debug)]
pub(super) struct Beginnings {
    /// Keys with their tokens.
    sorted: Vec<(u32, u32)>,
}

impl Beginnings {
    pub(super) fn new(vocabulary: &Vocabulary, spelling: Spelling) -> Self {
        let mut sorted = Vec::with_capacity(vocabulary.len());
        let mut bytes = Vec::new();
        for (token, text, kind) in vocabulary.iter() {
            bytes.clear();
            spelling.decode_into(&mut bytes, kind, text);
            if !bytes.is_empty() {
                sorted.push((key(&bytes, 0), token));
            }
        }
        sorted.sort_unstable();
        Self { sorted }
    }

    /// The tokens whose bytes begin with those of `text`, in no order.
    pub(super) fn find<'all>(
        &'all self,
        vocabulary: &'all Vocabulary,
        spelling: Spelling,
        text: &str,
    ) -> impl Iterator<Item = u32> + use<'all> {
        let text = text.as_bytes().to_vec();
        let (least, most) = (key(&text, 0), key(&text, u8::MAX));
        let start = self.sorted.partition_point(|&(key, _)| key < least);
        let end = self.sorted.partition_point(|&(key, _)| key <= most);
        // A key has the whole of a short text, but no difference between an end and a byte 0.
        let is_whole = text.len() <= KEY_BYTES && !text.contains(&0);
        let mut bytes = Vec::new();
        let mut begins = move |token: u32| {
            bytes.clear();
            if let (Some(token_text), Some(kind)) = (vocabulary.text(token), vocabulary.kind(token)) {
                spelling.decode_into(&mut bytes, kind, token_text);
            }
            bytes.starts_with(&text)
        };
        self.sorted[start..end].iter().map(|&(_, token)| token).filter(move |&token| is_whole || begins(token))
    }
}

/// The first bytes of a text as a number that is ordered as they are, filled up with `filler`.
fn key(bytes: &[u8], filler: u8) -> u32 {
    let mut first = [filler; KEY_BYTES];
    let length = bytes.len().min(KEY_BYTES);
    first[..length].copy_from_slice(&bytes[..length]);
    u32::from_be_bytes(first)
}
