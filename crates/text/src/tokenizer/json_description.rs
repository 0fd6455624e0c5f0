//! The description of a `tokenizer.json` that `wgslm-tokenizers` packs into one buffer.

use wgslm_formats::gguf::Strings;

use super::spelling::{Spelling, byte_of};
use super::vocabulary::{TokenKind, Vocabulary};
use crate::{Error, Result};

/// Everything but the encoder of a tokenizer.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) vocabulary: Vocabulary,
    pub(super) spelling: Spelling,
    /// The tokens before and after a whole text.
    pub(super) frame: (Option<u32>, Option<u32>),
}

impl Description {
    /// Reads the layout that `wgslm_tokenizers::JsonTokenizer::describe` documents.
    pub(super) fn unpack(packed: &[u8]) -> Result<Self> {
        Self::read(packed).ok_or_else(|| Error::Tokenizer {
            reason: "the description of tokenizer.json is damaged; load the model again".to_owned(),
        })
    }

    fn read(mut packed: &[u8]) -> Option<Self> {
        let spelling = match byte(&mut packed)? {
            0 => Spelling::ByteLevel,
            1 => Spelling::SentencePiece,
            2 => Spelling::WordPiece,
            _ => return None,
        };
        let mut token = || number(&mut packed).map(|token| Some(token).filter(|&token| token != u32::MAX));
        let frame = (token()?, token()?);
        let (mut texts, mut kinds) = (Strings::default(), Vec::new());
        while !packed.is_empty() {
            let kind = TokenKind::from_number(byte(&mut packed)?.into())?;
            let length = number(&mut packed)? as usize;
            let text = std::str::from_utf8(packed.split_off(..length)?).ok()?;
            let is_byte = kind == TokenKind::Normal && spelling == Spelling::SentencePiece && byte_of(text).is_some();
            kinds.push(if is_byte { TokenKind::Byte } else { kind });
            texts.push(text);
        }
        Some(Self { vocabulary: Vocabulary::new(texts, kinds), spelling, frame })
    }
}

fn byte(packed: &mut &[u8]) -> Option<u8> {
    packed.split_off_first().copied()
}

fn number(packed: &mut &[u8]) -> Option<u32> {
    let (bytes, rest) = packed.split_first_chunk()?;
    *packed = rest;
    Some(u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_description_is_refused() {
        let mut packed = vec![1];
        packed.extend([7_u32.to_le_bytes(), u32::MAX.to_le_bytes()].concat());
        for (kind, text) in [(1, "<0x0A>"), (3, "<s>"), (4, "<0x0B>"), (5, "")] {
            packed.push(kind);
            packed.extend((text.len() as u32).to_le_bytes());
            packed.extend(text.as_bytes());
        }
        let whole = Description::unpack(&packed).unwrap();
        assert_eq!((whole.spelling, whole.frame), (Spelling::SentencePiece, (Some(7), None)));
        let tokens: Vec<_> = whole.vocabulary.iter().map(|(_, text, kind)| (text, kind)).collect();
        use TokenKind::{Byte, Control, Unused, UserDefined};
        assert_eq!(tokens, [("<0x0A>", Byte), ("<s>", Control), ("<0x0B>", UserDefined), ("", Unused)]);

        let cut = (0..packed.len()).filter(|&length| Description::unpack(&packed[..length]).is_ok()).count();
        assert_eq!(cut, 4, "it may end behind the frame and behind each token but the last");
        for (at, value) in [(0, 3), (9, 9), (13, 0xff), (14, 0xff)] {
            let mut damaged = packed.clone();
            damaged[at] = value;
            assert_eq!(Description::unpack(&damaged).unwrap_err().code(), "tokenizer", "{value} at {at}");
        }
    }
}
