//! The tokens of a model in one buffer, for grammars, which may live in another WebAssembly module.

use super::Tokenizer;
use super::vocabulary::TokenKind;

/// The byte before the name of a token that matches no text. It is never part of UTF-8.
const NAME_MARK: u8 = 0xff;

/// Packs the tokens: each as the number of its bytes in 32 bits, little-endian, and these bytes.
pub(super) fn pack(tokenizer: &Tokenizer) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut bytes = Vec::new();
    for (token, text, kind) in tokenizer.vocabulary.iter() {
        bytes.clear();
        if tokenizer.suppressed_tokens.contains(&token) {
            // No text becomes it.
        } else if matches!(kind, TokenKind::Control | TokenKind::Shown) {
            bytes.push(NAME_MARK);
            bytes.extend_from_slice(text.as_bytes());
        } else {
            tokenizer.spelling.decode_into(&mut bytes, kind, text);
        }
        packed.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        packed.extend_from_slice(&bytes);
    }
    packed
}
