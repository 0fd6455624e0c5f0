//! The tokens of single bytes, which spell text that has no other token.

use super::vocabulary::Vocabulary;

/// The token of each byte, where the vocabulary has one.
#[derive(Debug)]
pub(super) struct ByteTokens {
    tokens: Vec<Option<u32>>,
}

impl ByteTokens {
    /// Finds the tokens such as `<0x0A>`. Vocabularies without them may have the ASCII character itself.
    pub(super) fn new(vocabulary: &Vocabulary) -> Self {
        let character =
            |byte: u8| char::from(byte).is_ascii().then(|| vocabulary.find(char::from(byte).encode_utf8(&mut [0; 4])));
        let token = |byte| vocabulary.find(&format!("<0x{byte:02X}>")).or_else(|| character(byte).flatten());
        Self { tokens: (0..=u8::MAX).map(token).collect() }
    }

    /// The token of `byte`.
    pub(super) fn get(&self, byte: u8) -> Option<u32> {
        self.tokens[usize::from(byte)]
    }
}
