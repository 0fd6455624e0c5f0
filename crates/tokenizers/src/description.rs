//! The description of a tokenizer in one buffer.

use tokenizers::{DecoderWrapper, Tokenizer};

use crate::{Error, Result};

/// The most ids that a file may leave unused: the vocabulary is indexed by id, and must not take memory for unused ids.
const MOST_GAPS: usize = 1 << 16;

/// The sign for a token that there isn't.
const NONE: u32 = u32::MAX;

/// The spelling of a vocabulary, which maps the text of a token to its bytes.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Spelling {
    ByteLevel,
    SentencePiece,
    WordPiece,
}

/// The type of a token, with the numbers of `tokenizer.ggml.token_type`.
#[derive(Clone, Copy)]
#[repr(u8)]
enum TokenType {
    Normal = 1,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
}

/// Packs the description, whose layout [`JsonTokenizer::describe`](crate::JsonTokenizer::describe) documents.
pub(crate) fn describe(tokenizer: &Tokenizer) -> Result<Vec<u8>> {
    let mut packed = vec![spelling(tokenizer.get_decoder())? as u8];
    for token in frame(tokenizer)? {
        packed.extend(token.unwrap_or(NONE).to_le_bytes());
    }
    let mut tokens: Vec<(u32, String)> = tokenizer.get_vocab(true).into_iter().map(|(text, id)| (id, text)).collect();
    tokens.sort_unstable();
    let last = tokens.last().map_or(0, |(id, _)| *id as usize);
    if last > tokens.len() + MOST_GAPS {
        return Err(Error::unusable(format!("it has a token id {last}, but only {} tokens", tokens.len())));
    }
    let added = tokenizer.get_added_tokens_decoder();
    let mut next = 0;
    for (id, text) in tokens {
        while next < id {
            push(&mut packed, TokenType::Unused, "");
            next += 1;
        }
        // Two texts may have the same id; the first is kept.
        if next == id {
            let kind = match added.get(&id) {
                Some(added) if added.special => TokenType::Control,
                Some(_) => TokenType::UserDefined,
                None => TokenType::Normal,
            };
            push(&mut packed, kind, &text);
            next += 1;
        }
    }
    Ok(packed)
}

fn push(packed: &mut Vec<u8>, kind: TokenType, text: &str) {
    packed.push(kind as u8);
    packed.extend((text.len() as u32).to_le_bytes());
    packed.extend(text.as_bytes());
}

/// The tokens that are put before and after a whole text.
fn frame(tokenizer: &Tokenizer) -> Result<[Option<u32>; 2]> {
    let encode = |special| tokenizer.encode_fast("a", special).map_err(Error::unusable);
    let (text, whole) = (encode(false)?, encode(true)?);
    let (text, whole) = (text.get_ids(), whole.get_ids());
    let start = whole.windows(text.len().max(1)).position(|part| part == text);
    Ok(start.map_or([None; 2], |start| {
        let before = start.checked_sub(1).and_then(|before| whole.get(before));
        [before.copied(), whole.get(start + text.len()).copied()]
    }))
}

/// The spelling of the vocabulary, which the file's decoder implies.
fn spelling(decoder: Option<&DecoderWrapper>) -> Result<Spelling> {
    let parts = match decoder {
        Some(DecoderWrapper::Sequence(sequence)) => sequence.get_decoders(),
        Some(decoder) => std::slice::from_ref(decoder),
        None => &[],
    };
    let spelling = parts.iter().find_map(|part| match part {
        DecoderWrapper::ByteLevel(_) => Some(Spelling::ByteLevel),
        DecoderWrapper::Metaspace(_) | DecoderWrapper::ByteFallback(_) | DecoderWrapper::Replace(_) => {
            Some(Spelling::SentencePiece)
        }
        DecoderWrapper::WordPiece(_) => Some(Spelling::WordPiece),
        _ => None,
    });
    spelling.ok_or_else(|| {
        Error::unusable(
            "its decoder is not supported (supported: ByteLevel, Metaspace, ByteFallback, Replace, WordPiece)",
        )
    })
}
