//! Tokenizers, built from a GGUF file's metadata or from a `tokenizer.json`.

mod beginnings;
mod byte_level;
mod byte_pair;
mod byte_tokens;
mod character_map;
mod characters;
pub(crate) mod control_texts;
mod fim;
mod from_json;
mod from_metadata;
mod json_description;
mod kind;
mod merge;
mod merges;
mod packed_tokens;
mod pre_tokenizer;
mod pre_tokenizer_patterns;
mod pre_tokenizer_rules;
mod prefixes;
pub(crate) mod prompt;
mod scores;
mod sentence_piece;
mod special_ids;
mod special_tokens;
pub(crate) mod spelling;
mod unigram;
pub(crate) mod vocabulary;
mod well_known;
mod word_piece;

use std::sync::{Arc, OnceLock};

pub use fim::{FillInMiddle, FillOrder};
pub use from_json::{JsonReader, JsonTokenizer};
pub use prompt::{Prompt, Segment};

use wgslm_formats::gguf::Metadata;

use beginnings::Beginnings;
use byte_pair::BytePair;
use control_texts::ControlTexts;
use sentence_piece::SentencePiece;
use special_ids::add_tokens;
use special_tokens::{Piece, SpecialTokens};
use spelling::Spelling;
use unigram::Unigram;
use vocabulary::Vocabulary;
use word_piece::WordPiece;

use crate::{Detokenizer, Result};

/// The treatment of text that spells a control token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// `<|im_start|>` is the control token of that name: for prompts and rendered chat templates.
    Parse,
    /// `<|im_start|>` is 12 characters like any others: for text that is not trusted to structure the prompt.
    Plain,
}

/// The tokenizer of a model.
#[derive(Debug)]
pub struct Tokenizer {
    vocabulary: Arc<Vocabulary>,
    encoder: Encoder,
    spelling: Spelling,
    /// True if encoding puts a space before text that has none, and decoding leaves it out.
    space_prefix: bool,
    bos: Option<u32>,
    eos: Option<u32>,
    /// The tokens before and after a whole prompt.
    prompt_frame: (Option<u32>, Option<u32>),
    /// The token before the second of two texts, besides the one that ends the first.
    pair_separator: Option<u32>,
    stop_tokens: Vec<u32>,
    suppressed_tokens: Vec<u32>,
    fill_in_middle: Option<FillInMiddle>,
    /// Made when it is first needed.
    beginnings: OnceLock<Beginnings>,
}

/// An encoder of text.
#[derive(Debug)]
enum Encoder {
    /// The encoder of a GGUF file: finds special tokens first, and encodes the text between them with its model.
    Gguf(Box<SpecialTokens>, Model),
    /// The encoder of a `tokenizer.json`.
    Json(Box<dyn JsonTokenizer>),
}

/// An encoder of text without special tokens: `tokenizer.ggml.model`.
#[derive(Debug)]
enum Model {
    BytePair(BytePair),
    SentencePiece(SentencePiece),
    Unigram(Unigram),
    WordPiece(Box<WordPiece>),
}

impl Model {
    fn encode(&self, vocabulary: &Vocabulary, pieces: &[Piece]) -> Result<Vec<u32>> {
        match self {
            Self::BytePair(model) => model.encode(vocabulary, pieces),
            Self::SentencePiece(model) => model.encode(vocabulary, pieces),
            Self::Unigram(model) => model.encode(vocabulary, pieces),
            Self::WordPiece(model) => model.encode(vocabulary, pieces),
        }
    }
}

impl Tokenizer {
    /// Builds the tokenizer from the `tokenizer.ggml.*` keys. Its large arrays (tokens, types, scores, merges) are taken out of
    /// the metadata, so that they are not held twice.
    ///
    /// The kinds that are read are `gpt2`, `gemma4` and `whitespace` (BPE with a list of merges), `llama` (SentencePiece's BPE),
    /// `t5` (Unigram) and `bert` (WordPiece). Where keys are missing, llama.cpp's defaults apply.
    ///
    /// # Errors
    /// [`MissingMetadata`](wgslm_formats::Error::MissingMetadata) and [`InvalidMetadata`](wgslm_formats::Error::InvalidMetadata)
    /// name the key at fault; [`Error::Tokenizer`](crate::Error::Tokenizer) names a tokenizer model or pre-tokenizer that is
    /// not supported.
    pub fn from_metadata(metadata: &mut Metadata) -> Result<Self> {
        from_metadata::tokenizer(metadata)
    }

    /// Builds the tokenizer from the contents of a `tokenizer.json`, and of the `tokenizer_config.json` beside it, which names
    /// the BOS and EOS tokens; without the latter, they are the tokens that the former puts around a text.
    /// [`ChatTemplate::from_config`](crate::ChatTemplate::from_config) reads the chat template.
    ///
    /// # Errors
    /// [`Error::Tokenizer`](crate::Error::Tokenizer) where a file is damaged or asks for what is not supported.
    pub fn from_json(tokenizer: &[u8], config: Option<&[u8]>) -> Result<Self> {
        Self::from_json_with(&JsonReader::default(), tokenizer, config)
    }

    /// Builds the tokenizer as [`Self::from_json`] does, with another reader of `tokenizer.json`.
    ///
    /// # Errors
    /// As [`Self::from_json`].
    pub fn from_json_with(reader: &JsonReader, tokenizer: &[u8], config: Option<&[u8]>) -> Result<Self> {
        from_json::tokenizer(reader.read(tokenizer)?, config)
    }

    /// The tokens of `text`, without BOS.
    ///
    /// Bytes that the vocabulary has no token for are left out, as the model's own tokenizer does (some vocabularies lack
    /// bytes that begin rare or invalid characters).
    ///
    /// # Errors
    /// [`Error::Tokenizer`](crate::Error::Tokenizer) where the encoder fails.
    pub fn encode(&self, text: &str, special: Special) -> Result<Vec<u32>> {
        match &self.encoder {
            Encoder::Gguf(special_tokens, model) => {
                model.encode(&self.vocabulary, &special_tokens.split(text, special)?)
            }
            Encoder::Json(encoder) => encoder.encode(text, special),
        }
    }

    /// The tokens of plain text that continues other text, without the space that [`Self::encode`] may put before it.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_continuation(&self, text: &str) -> Result<Vec<u32>> {
        if !self.space_prefix {
            return self.encode(text, Special::Plain);
        }
        // Nothing merges with a line break.
        const BREAK: &str = "\n";
        let before = self.encode(BREAK, Special::Plain)?;
        let mut tokens = self.encode(&format!("{BREAK}{text}"), Special::Plain)?;
        if tokens.starts_with(&before) { Ok(tokens.split_off(before.len())) } else { self.encode(text, Special::Plain) }
    }

    /// The tokens of a prompt without BOS; control tokens count in its trusted segments only.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_segments(&self, prompt: &Prompt) -> Result<Vec<u32>> {
        match &self.encoder {
            Encoder::Gguf(special_tokens, model) => {
                let text = prompt.text();
                model.encode(&self.vocabulary, &prompt.pieces(&text, special_tokens)?)
            }
            Encoder::Json(encoder) => prompt.encode_with(encoder.as_ref(), &self.vocabulary),
        }
    }

    /// The tokens of a whole prompt: special tokens are parsed, and where the model wants them, BOS comes first and EOS last
    /// (for BERT, `[CLS]` and `[SEP]`), unless the text has them there already.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_prompt(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.framed(self.encode(text, Special::Parse)?))
    }

    /// The tokens of two texts that a model compares, such as a query and a document: each as [`Self::encode_prompt`] has it but with BOS
    /// before the first only, and a separator between them where the model wants one. Special tokens aren't parsed.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_pair(&self, first: &str, second: &str) -> Result<Vec<u32>> {
        let (begin, end) = self.prompt_frame;
        let mut tokens: Vec<u32> = begin.into_iter().collect();
        tokens.extend(self.encode(first, Special::Plain)?);
        tokens.extend(end.into_iter().chain(self.pair_separator));
        tokens.extend(self.encode(second, Special::Plain)?);
        tokens.extend(end);
        Ok(tokens)
    }

    /// The tokens of a whole chat, framed as by [`Self::encode_prompt`]; the text of messages is plain text.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_chat(&self, prompt: &Prompt) -> Result<Vec<u32>> {
        Ok(self.framed(self.encode_segments(prompt)?))
    }

    fn framed(&self, mut tokens: Vec<u32>) -> Vec<u32> {
        let (first, last) = self.prompt_frame;
        if let Some(first) = first.filter(|first| tokens.first() != Some(first)) {
            tokens.insert(0, first);
        }
        tokens.extend(last.filter(|last| tokens.last() != Some(last)));
        tokens
    }

    /// The text of a whole sequence of tokens, without the space that [`Self::encode`] may have put before it. Ids beyond the
    /// vocabulary stand for no text.
    #[must_use]
    pub fn decode(&self, tokens: &[u32]) -> String {
        let mut detokenizer = Detokenizer::new(Arc::clone(&self.vocabulary), self.spelling, self.space_prefix);
        let mut text: String = tokens.iter().map(|&token| detokenizer.push(token)).collect();
        text.push_str(&detokenizer.finish());
        text
    }

    /// A decoder for a stream of tokens that continues others, as an answer continues a prompt: a space at its start is kept. The
    /// decoder shares the vocabulary and may outlive the tokenizer.
    #[must_use]
    pub fn detokenizer(&self) -> Detokenizer {
        Detokenizer::new(Arc::clone(&self.vocabulary), self.spelling, false)
    }

    /// The number of tokens in the vocabulary. A model may have logits for more ids; these stand for no text, and must not be
    /// chosen.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.vocabulary.len()
    }

    /// A token as the vocabulary spells it: byte-level text such as `Ġworld`, or a control token such as `<|im_end|>`.
    #[must_use]
    pub fn token_text(&self, token: u32) -> Option<&str> {
        self.vocabulary.text(token)
    }

    /// The control token of this text, which structures prompts or answers, if the vocabulary has one.
    #[must_use]
    pub fn control_token(&self, text: &str) -> Option<u32> {
        let is_control = |token: &u32| self.vocabulary.kind(*token).is_some_and(vocabulary::TokenKind::is_parsed);
        self.vocabulary.find(text).filter(is_control)
    }

    /// The bytes of text that a token adds to an answer, perhaps a part of a character. They are empty for control tokens, for unused
    /// ones and for ids beyond the vocabulary.
    #[must_use]
    pub fn token_bytes(&self, token: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let (Some(text), Some(kind)) = (self.vocabulary.text(token), self.vocabulary.kind(token)) {
            self.spelling.decode_into(&mut bytes, kind, text);
        }
        bytes
    }

    /// The tokens of text that begin with `beginning`, in no order. The first call takes longer than later ones.
    pub fn tokens_beginning_with(&self, beginning: &str) -> impl Iterator<Item = u32> {
        let beginnings = self.beginnings.get_or_init(|| Beginnings::new(&self.vocabulary, self.spelling));
        beginnings.find(&self.vocabulary, self.spelling, beginning)
    }

    /// The token that begins a whole prompt, if the model wants one.
    #[must_use]
    pub fn prompt_begin(&self) -> Option<u32> {
        self.prompt_frame.0
    }

    /// The bytes of all tokens for the vocabulary of a grammar, by id: of each, their number in 32 bits, little-endian, and the bytes.
    ///
    /// A token that structures an answer, such as `<|channel|>`, matches no text: it has the byte 0xFF and its name. Tokens that must
    /// never be chosen are empty.
    #[must_use]
    pub fn packed_tokens(&self) -> Vec<u8> {
        packed_tokens::pack(self)
    }

    /// The automaton that finds the texts of control tokens.
    pub(crate) fn control_texts(&self) -> Result<ControlTexts> {
        ControlTexts::of(&self.vocabulary)
    }

    /// The token that begins a text, if the model has one.
    #[must_use]
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// The token that ends a text, if the metadata names one.
    #[must_use]
    pub fn eos(&self) -> Option<u32> {
        self.eos
    }

    /// All tokens that end a generation: those that the metadata names (end of sequence, of turn, of message), then the
    /// well-known ones of the vocabulary, each once.
    #[must_use]
    pub fn stop_tokens(&self) -> &[u32] {
        &self.stop_tokens
    }

    /// Adds tokens that end a generation, such as `eos_token_id` of a `generation_config.json`; those outside the vocabulary
    /// are left out.
    pub fn add_stop_tokens(&mut self, tokens: &[u32]) {
        add_tokens(&mut self.stop_tokens, tokens.iter().copied(), &self.vocabulary);
    }

    /// The tokens that must never be chosen: `tokenizer.ggml.suppress_tokens`, and those that were added.
    #[must_use]
    pub fn suppressed_tokens(&self) -> &[u32] {
        &self.suppressed_tokens
    }

    /// Adds tokens that must never be chosen, such as `suppress_tokens` of a `generation_config.json`; those outside the
    /// vocabulary are left out.
    pub fn add_suppressed_tokens(&mut self, tokens: &[u32]) {
        add_tokens(&mut self.suppressed_tokens, tokens.iter().copied(), &self.vocabulary);
    }

    /// The tokens for filling in the middle, if the model has them.
    #[must_use]
    pub fn fill_in_middle(&self) -> Option<FillInMiddle> {
        self.fill_in_middle
    }
}
