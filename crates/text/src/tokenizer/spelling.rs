//! The spellings of vocabularies, which map the text of a token to its bytes.

use super::byte_level;
use super::vocabulary::TokenKind;

/// SentencePiece's sign for a space, U+2581.
pub(super) const SPACE: char = '\u{2581}';

/// The way in which a vocabulary spells its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Every byte is one character of GPT-2's alphabet.
    ByteLevel,
    /// Spaces are U+2581, and `<0x0A>` is a byte. WordPiece vocabularies in GGUF files are spelled so too.
    SentencePiece,
    /// A token that continues a word starts with `##`; any other starts a word.
    WordPiece,
    /// Every character is itself, and `<0x0A>` is a byte.
    Characters,
}

impl Spelling {
    /// Appends `text` as the vocabulary spells it to `out`.
    pub(super) fn encode_into(self, out: &mut String, text: &str) {
        match self {
            Self::ByteLevel => byte_level::encode_into(out, text.as_bytes()),
            Self::SentencePiece => {
                out.extend(text.chars().map(|character| if character == ' ' { SPACE } else { character }));
            }
            Self::Characters | Self::WordPiece => out.push_str(text),
        }
    }

    /// Appends the bytes that the token of this kind and text stands for to `out`.
    pub(crate) fn decode_into(self, out: &mut Vec<u8>, kind: TokenKind, text: &str) {
        match (kind, self) {
            (TokenKind::Control | TokenKind::Unknown | TokenKind::Unused, _) => {}
            (TokenKind::UserDefined | TokenKind::Shown, _) | (TokenKind::Normal, Self::Characters) => {
                out.extend_from_slice(text.as_bytes());
            }
            (TokenKind::Normal | TokenKind::Byte, Self::ByteLevel) => byte_level::decode_into(out, text),
            (TokenKind::Byte, _) => match byte_of(text) {
                Some(byte) => out.push(byte),
                None => out.extend_from_slice(text.as_bytes()),
            },
            (TokenKind::Normal, Self::SentencePiece) => {
                for (number, part) in text.split(SPACE).enumerate() {
                    out.extend((number > 0).then_some(b' '));
                    out.extend_from_slice(part.as_bytes());
                }
            }
            (TokenKind::Normal, Self::WordPiece) => {
                let continued = text.strip_prefix("##");
                out.extend(continued.is_none().then_some(b' '));
                out.extend_from_slice(continued.unwrap_or(text).as_bytes());
            }
        }
    }
}

/// The byte of a token such as `<0x0A>`.
pub(super) fn byte_of(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stand_for_the_bytes_that_their_vocabulary_means() {
        use Spelling::{ByteLevel, Characters, SentencePiece, WordPiece};
        use TokenKind::{Byte, Control, Normal, Shown, Unused, UserDefined};
        for (spelling, kind, text, bytes) in [
            (ByteLevel, Normal, "Ġa", &b" a"[..]),
            (ByteLevel, UserDefined, "Ġa", "Ġa".as_bytes()),
            (SentencePiece, Normal, "▁a▁▁b", b" a  b"),
            (SentencePiece, Normal, "<0x0A>", b"<0x0A>"),
            (SentencePiece, Byte, "<0x0A>", b"\n"),
            (SentencePiece, Byte, "<0xff>", b"\xff"),
            (SentencePiece, Byte, "<0x00A>", b"<0x00A>"),
            (SentencePiece, Byte, "x", b"x"),
            (SentencePiece, UserDefined, "▁", "▁".as_bytes()),
            (WordPiece, Normal, "word", b" word"),
            (WordPiece, Normal, "##ing", b"ing"),
            (Characters, Normal, "▁ a", "▁ a".as_bytes()),
            (Characters, Byte, "<0x0A>", b"\n"),
            (ByteLevel, Shown, "<|channel|>", b"<|channel|>"),
            (SentencePiece, Control, "<s>", b""),
            (SentencePiece, Unused, "<unused0>", b""),
        ] {
            let mut out = Vec::new();
            spelling.decode_into(&mut out, kind, text);
            assert_eq!(out, bytes, "{spelling:?} {kind:?} {text}");
        }
    }
}
