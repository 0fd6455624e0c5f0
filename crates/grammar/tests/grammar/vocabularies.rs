//! The vocabularies under test.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use wgslm_grammar::{Compiler, Limits, Vocabulary};
use wgslm_testing::gguf_read::metadata;
use wgslm_testing::smollm2_model;
use wgslm_text::Tokenizer;

/// A compiler, and the bytes of the tokens that it knows.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) compiler: Compiler,
    pub(crate) tokens: Vec<Vec<u8>>,
}

impl Subject {
    fn new(name: &'static str, vocabulary: Vocabulary, tokens: Vec<Vec<u8>>) -> Self {
        Self { name, compiler: Compiler::new(vocabulary, Limits::default()).unwrap(), tokens }
    }

    /// The vocabulary of a tokenizer.
    pub(crate) fn of(name: &'static str, tokenizer: Tokenizer) -> Self {
        let tokens = (0..tokenizer.vocabulary_size() as u32).map(|token| tokenizer.token_bytes(token)).collect();
        Self::new(name, Vocabulary::of(Arc::new(tokenizer)).unwrap(), tokens)
    }

    /// The text of tokens.
    pub(crate) fn text(&self, tokens: &[u32]) -> String {
        let bytes: Vec<u8> = tokens.iter().flat_map(|&token| self.tokens[token as usize].clone()).collect();
        String::from_utf8(bytes).expect("an answer in UTF-8")
    }

    /// The words of a mask, with room for ids beyond the vocabulary as models have.
    pub(crate) fn words(&self) -> Vec<u32> {
        vec![u32::MAX; self.tokens.len().div_ceil(32) + 3]
    }
}

/// The stop tokens of [`bytes`].
pub(crate) const STOPS: [u32; 2] = [256, 257];

/// A token for each byte, two that end an answer, a named one, and one without bytes.
pub(crate) fn bytes() -> &'static Subject {
    static SUBJECT: LazyLock<Subject> = LazyLock::new(|| {
        let mut tokens: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
        tokens.extend([&b"\xff<|end|>"[..], b"\xff<|turn|>", b"\xff<|call|>", b""].map(<[u8]>::to_vec));
        let spell = |text: &str| text.bytes().map(u32::from).collect();
        let vocabulary = Vocabulary::new(&tokens, &STOPS, Some(Box::new(spell))).unwrap();
        for token in &mut tokens[256..] {
            token.clear();
        }
        Subject::new("bytes", vocabulary, tokens)
    });
    &SUBJECT
}

/// The vocabulary of SmolLM2, if it has been fetched.
pub(crate) fn smollm2() -> Option<&'static Subject> {
    static SUBJECT: LazyLock<Option<Subject>> =
        LazyLock::new(|| Some(Subject::of("smollm2", tokenizer(&smollm2_model()?))));
    SUBJECT.as_ref()
}

/// All vocabularies.
pub(crate) fn all() -> impl Iterator<Item = &'static Subject> {
    [bytes()].into_iter().chain(smollm2())
}

/// The tokenizer of a GGUF file.
pub(crate) fn tokenizer(path: &Path) -> Tokenizer {
    Tokenizer::from_metadata(&mut metadata(path)).unwrap()
}
