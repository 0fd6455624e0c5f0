//! Reads a tokenizer from the `tokenizer.ggml.*` keys of a GGUF file
//! (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#ggml>).

use std::sync::Arc;

use wgslm_formats::gguf::Metadata;

use super::byte_pair::BytePair;
use super::fim::FillInMiddle;
use super::pre_tokenizer_rules;
use super::sentence_piece::SentencePiece;
use super::special_tokens::SpecialTokens;
use super::spelling::Spelling;
use super::vocabulary::Vocabulary;
use super::well_known::{ENDS, SHOWN};
use super::word_piece::WordPiece;
use super::{Encoder, Model, Tokenizer};
use crate::{Error, Result};

/// What a kind of tokenizer takes for granted where the metadata leaves it open.
#[derive(Default)]
struct Defaults {
    bos: Option<u32>,
    eos: Option<u32>,
    unknown: Option<u32>,
    add_bos: bool,
    add_eos: bool,
}

/// Builds the tokenizer and takes its large arrays out of `metadata`.
pub(super) fn tokenizer(metadata: &mut Metadata) -> Result<Tokenizer> {
    let kind = metadata.require_str("tokenizer.ggml.model")?.to_owned();
    let (defaults, rules) = match kind.as_str() {
        "gpt2" => {
            let rules = pre_tokenizer_rules::rules(match metadata.str("tokenizer.ggml.pre")? {
                Some(name) => name,
                None => {
                    tracing::warn!("the metadata names no pre-tokenizer; the default may split text differently");
                    "default"
                }
            })?;
            (Defaults { add_bos: rules.add_bos, ..Defaults::default() }, Some(rules))
        }
        "llama" => {
            let (bos, eos, unknown) = (Some(1), Some(2), Some(0));
            (Defaults { bos, eos, unknown, add_bos: true, add_eos: false }, None)
        }
        // Its BOS and EOS are [CLS] and [SEP].
        "bert" => {
            let (bos, eos, unknown) = (Some(101), Some(102), Some(100));
            (Defaults { bos, eos, unknown, add_bos: true, add_eos: true }, None)
        }
        _ => {
            let reason = format!(
                "the model {kind:?} is not supported (supported: gpt2, byte-level BPE; llama, SentencePiece; bert, WordPiece)"
            );
            return Err(Error::Tokenizer { reason });
        }
    };
    let vocabulary = Vocabulary::take_from(metadata)?;
    let token = |name: &str| special_token(metadata, &format!("tokenizer.ggml.{name}_token_id"), &vocabulary);
    let in_range = |token: &u32| vocabulary.text(*token).is_some();
    let bos = token("bos")?.or(token("cls")?).or(defaults.bos.filter(in_range));
    // The key of the separator is misspelled in the format.
    let separator = if kind == "bert" { token("seperator")?.or(defaults.eos.filter(in_range)) } else { None };
    let eos = separator.or(token("eos")?).or(defaults.eos.filter(in_range));
    let unknown = token("unknown")?.or(defaults.unknown.filter(in_range));
    let fill_in_middle = FillInMiddle::find(&vocabulary, |key| special_token(metadata, key, &vocabulary))?;
    let stop_tokens = stop_tokens([eos, token("eot")?, token("eom")?], &vocabulary, fill_in_middle.as_ref());
    let flag = |key, default| Ok::<_, Error>(metadata.bool(key)?.unwrap_or(default));
    let add_bos = flag("tokenizer.ggml.add_bos_token", defaults.add_bos)?;
    let add_eos = flag("tokenizer.ggml.add_eos_token", defaults.add_eos)?;
    let special_tokens = Box::new(SpecialTokens::new(&vocabulary, strips_behind(metadata)?)?);

    let mut space_prefix = false;
    let mut spelling = Spelling::SentencePiece;
    let model = match rules {
        Some(rules) => {
            spelling = Spelling::ByteLevel;
            Model::BytePair(BytePair::take_from(metadata, &vocabulary, rules)?)
        }
        None if kind == "bert" => {
            // Every word has one.
            space_prefix = true;
            Model::WordPiece(Box::new(WordPiece::from_metadata(metadata, &vocabulary, unknown)?))
        }
        None => {
            let model = SentencePiece::take_from(metadata, &vocabulary, unknown)?;
            space_prefix = model.add_space_prefix;
            Model::SentencePiece(model)
        }
    };
    Ok(Tokenizer {
        vocabulary: Arc::new(vocabulary),
        encoder: Encoder::Gguf(special_tokens, model),
        spelling,
        space_prefix,
        bos,
        eos,
        prompt_frame: (bos.filter(|_| add_bos), eos.filter(|_| add_eos)),
        stop_tokens,
        fill_in_middle,
    })
}

/// A token id of the metadata, which must be in the vocabulary.
fn special_token(metadata: &Metadata, key: &str, vocabulary: &Vocabulary) -> Result<Option<u32>> {
    let token = metadata.u32(key)?;
    if token.is_some_and(|token| vocabulary.text(token).is_none()) {
        let reason = format!("it should be one of the vocabulary's {} tokens", vocabulary.len());
        return Err(Error::invalid_metadata(key, reason));
    }
    Ok(token)
}

/// Which special tokens take the white space behind them with them. GGUF has no key for that; as llama.cpp does, Phi 3 is
/// known by its name.
fn strips_behind(metadata: &Metadata) -> Result<impl Fn(u32, &str) -> bool + use<>> {
    let name = metadata.str("general.name")?.unwrap_or_default().to_lowercase();
    let is_phi3 = name.contains("phi-3") || name.contains("phi3");
    Ok(move |_, text: &str| is_phi3 && !["<unk>", "<s>", "<|endoftext|>"].contains(&text))
}

pub(super) fn stop_tokens(
    named: [Option<u32>; 3],
    vocabulary: &Vocabulary,
    fill_in_middle: Option<&FillInMiddle>,
) -> Vec<u32> {
    let is_harmony = vocabulary.is_harmony();
    let ends = ENDS.iter().filter(|text| !(is_harmony && SHOWN.contains(text)));
    let mut well_known: Vec<u32> = ends.filter_map(|text| vocabulary.find(text)).collect();
    well_known.extend(fill_in_middle.into_iter().flat_map(FillInMiddle::ends));
    well_known.sort_unstable();
    let mut tokens: Vec<u32> = Vec::new();
    for token in named.into_iter().flatten().chain(well_known) {
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    tokens
}
