//! Reads a tokenizer from the `tokenizer.ggml.*` keys of a GGUF file
//! (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#ggml>).

use std::sync::{Arc, OnceLock};

use wgslm_formats::gguf::Metadata;

use super::byte_pair::BytePair;
use super::fim::FillInMiddle;
use super::kind::Kind;
use super::sentence_piece::SentencePiece;
use super::special_ids::{add_tokens, id_key, special_token, suppressed_tokens};
use super::special_tokens::SpecialTokens;
use super::spelling::Spelling;
use super::unigram::Unigram;
use super::vocabulary::Vocabulary;
use super::word_piece::WordPiece;
use super::{Encoder, Model, Tokenizer};
use crate::Result;

/// Builds the tokenizer and takes its large arrays out of `metadata`.
pub(super) fn tokenizer(metadata: &mut Metadata) -> Result<Tokenizer> {
    let (kind, defaults) = Kind::of(metadata)?;
    let vocabulary = Vocabulary::take_from(metadata)?;
    let token = |name: &str| special_token(metadata, &vocabulary, name);
    let in_range = |token: &u32| vocabulary.text(*token).is_some();
    let named = |name: &str, default: Option<u32>| {
        let stands_in = !defaults.only_for_bad_ids || metadata.get(&id_key(name)).is_some();
        Ok::<_, crate::Error>(token(name)?.or(default.filter(|_| stands_in).filter(in_range)))
    };
    let bos = named("bos", token("cls")?.or(defaults.bos))?;
    // The format misspells the key of the separator.
    let separator = if matches!(kind, Kind::WordPiece) { named("seperator", defaults.eos)? } else { None };
    let eos = separator.or(named("eos", defaults.eos)?);
    let unknown = named("unknown", defaults.unknown)?;
    let name = metadata.str("general.name")?.unwrap_or_default();
    let fill_in_middle = FillInMiddle::find(&vocabulary, name, token)?;
    let stop_tokens = stop_tokens([eos, token("eot")?, token("eom")?], &vocabulary, fill_in_middle.as_ref());
    let suppressed_tokens = suppressed_tokens(metadata, &vocabulary)?;
    let flag = |key, default| Ok::<_, crate::Error>(metadata.bool(key)?.unwrap_or(default));
    let add_bos = flag("tokenizer.ggml.add_bos_token", defaults.add_bos)? || kind.insists_on_bos();
    let add_eos = flag("tokenizer.ggml.add_eos_token", defaults.add_eos)?;
    let add_separator = flag("tokenizer.ggml.add_sep_token", false)?;
    // Its key is spelled like that. BERT's separator is the token that ends a text already.
    let separator = special_token(metadata, &vocabulary, "seperator")?;
    let pair_separator = separator.filter(|_| add_separator && !matches!(kind, Kind::WordPiece));
    let special_tokens = Box::new(SpecialTokens::new(&vocabulary, strips_behind(metadata)?)?);

    let (model, spelling, space_prefix) = match kind {
        Kind::BytePair(rules, white_space) => {
            let model = BytePair::take_from(metadata, &vocabulary, rules, white_space)?;
            (Model::BytePair(model), rules.spelling, false)
        }
        Kind::SentencePiece => {
            let model = SentencePiece::take_from(metadata, &vocabulary, unknown)?;
            let space_prefix = model.add_space_prefix;
            (Model::SentencePiece(model), Spelling::SentencePiece, space_prefix)
        }
        Kind::Unigram => {
            let model = Unigram::take_from(metadata, &vocabulary, unknown)?;
            let space_prefix = model.starts_with_space();
            (Model::Unigram(model), Spelling::SentencePiece, space_prefix)
        }
        Kind::WordPiece => {
            let model = WordPiece::from_metadata(metadata, &vocabulary, unknown)?;
            // Every word starts with a space.
            (Model::WordPiece(Box::new(model)), Spelling::SentencePiece, true)
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
        pair_separator,
        stop_tokens,
        suppressed_tokens,
        fill_in_middle,
        beginnings: OnceLock::new(),
    })
}

/// Returns a test for special tokens that remove the white space behind them. GGUF has no key for these; as in llama.cpp, Phi 3
/// is recognised by its name.
fn strips_behind(metadata: &Metadata) -> Result<impl Fn(u32, &str) -> bool + use<>> {
    let name = metadata.str("general.name")?.unwrap_or_default().to_lowercase();
    let is_phi3 = name.contains("phi-3") || name.contains("phi3");
    Ok(move |_, text: &str| is_phi3 && !["<unk>", "<s>", "<|endoftext|>"].contains(&text))
}

/// The tokens that end a generation: the `named` ones, then those that are known by their texts.
pub(super) fn stop_tokens(
    named: [Option<u32>; 3],
    vocabulary: &Vocabulary,
    fill_in_middle: Option<&FillInMiddle>,
) -> Vec<u32> {
    let mut known: Vec<u32> = vocabulary.ends().collect();
    known.extend(fill_in_middle.into_iter().flat_map(FillInMiddle::ends));
    known.sort_unstable();
    let mut tokens = Vec::new();
    add_tokens(&mut tokens, named.into_iter().flatten().chain(known), vocabulary);
    tokens
}
