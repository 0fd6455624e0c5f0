//! Tokens that are known by their text, as in llama.cpp, whether or not the metadata names their ids.

use super::vocabulary::TokenKind;

/// Texts that end a turn or a document.
pub(super) const ENDS: &[&str] = &[
    "<|im_end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|calls|>",
    "<|flush|>",
    "<end_of_turn>",
    "<end_of_utterance>",
    "<｜end▁of▁sentence｜>",
    "<turn|>",
    "<|tool_response>",
    "<eos>",
    "</s>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "[e~[",
];

/// A text of [`ENDS`] that ends nothing in vocabularies with certain other texts.
pub(super) struct Exception {
    pub(super) end: &'static str,
    pub(super) beside: &'static [&'static str],
    /// The kind of the token in such vocabularies.
    pub(super) kind: TokenKind,
}

/// In the formats of gpt-oss and Solar Open, `<|end|>` ends a message but not the answer; to Gemma 4, `</s>` is the HTML tag.
pub(super) const EXCEPTIONS: &[Exception] = &[
    Exception { end: "<|end|>", beside: &["<|return|>", "<|call|>"], kind: TokenKind::Shown },
    Exception { end: "<|end|>", beside: &["<|return|>", "<|calls|>"], kind: TokenKind::Shown },
    Exception { end: "<|end|>", beside: &["<|flush|>", "<|call|>"], kind: TokenKind::Shown },
    Exception { end: "<|end|>", beside: &["<|flush|>", "<|calls|>"], kind: TokenKind::Shown },
    Exception { end: "</s>", beside: &["<|tool_response>"], kind: TokenKind::Normal },
];

/// Texts of the harmony format (gpt-oss): an answer consists of channels, which only a reader of these can tell apart.
pub(super) const SHOWN: &[&str] = &["<|start|>", "<|channel|>", "<|message|>", "<|constrain|>"];

/// The texts of one fill-in-the-middle role in various vocabularies.
pub(super) type Names = &'static [&'static str];

pub(super) const FIM_PREFIX: Names = &[
    "<|fim_prefix|>",
    "<fim-prefix>",
    "<fim_prefix>",
    "<｜fim▁begin｜>",
    "<PRE>",
    "▁<PRE>",
    "<|code_prefix|>",
    "<|prefix|>",
    "<[fim-prefix]>",
];
pub(super) const FIM_SUFFIX: Names = &[
    "<|fim_suffix|>",
    "<fim-suffix>",
    "<fim_suffix>",
    "<｜fim▁hole｜>",
    "<SUF>",
    "▁<SUF>",
    "<|code_suffix|>",
    "<|suffix|>",
    "<[fim-suffix]>",
];
pub(super) const FIM_MIDDLE: Names = &[
    "<|fim_middle|>",
    "<fim-middle>",
    "<fim_middle>",
    "<｜fim▁end｜>",
    "<MID>",
    "▁<MID>",
    "<|code_middle|>",
    "<|middle|>",
    "<[fim-middle]>",
];
pub(super) const FIM_PAD: Names = &["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"];
pub(super) const FIM_REPOSITORY: Names = &["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"];
pub(super) const FIM_FILE: Names = &["<|file_sep|>", "<file_sep>"];

/// The texts before the suffix in vocabularies of models that were trained with the suffix first: Seed-Coder and CodeGeeX.
pub(super) const SUFFIX_FIRST: Names = &["<[fim-suffix]>", "<|code_suffix|>"];
/// The texts before prefix and suffix in Codestral's vocabulary.
pub(super) const CODESTRAL: [&str; 2] = ["[PREFIX]", "[SUFFIX]"];

/// Texts that are control tokens whatever their type says: some converted files call them ordinary text, and a prompt could
/// then never hold one.
pub(super) const CONTROL: [&[&str]; 7] = [ENDS, FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE, FIM_PAD, FIM_REPOSITORY, FIM_FILE];
