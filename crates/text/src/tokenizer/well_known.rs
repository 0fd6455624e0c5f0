//! Tokens that published vocabularies know by their text, whether or not the metadata names their ids. As in llama.cpp.

/// Texts that end a turn or a document.
///
/// `</s>` is not among them: some vocabularies have it as the HTML tag, so it stops only where it is
/// `tokenizer.ggml.eos_token_id`.
pub(super) const ENDS: &[&str] = &[
    "<|im_end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<end_of_turn>",
    "<end_of_utterance>",
    "<｜end▁of▁sentence｜>",
    "<EOT>",
    "[EOT]",
];

/// Texts of the harmony format (gpt-oss). An answer consists of channels, which only a reader of these can tell apart: they
/// are shown, and in a vocabulary that has all of them `<|end|>` ends a message but not the answer.
pub(super) const SHOWN: &[&str] = &["<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>"];

/// The texts of one role in filling in the middle, in the vocabularies that have it.
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
];
pub(super) const FIM_PAD: Names = &["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>"];
pub(super) const FIM_REPOSITORY: Names = &["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"];
pub(super) const FIM_FILE: Names = &["<|file_sep|>"];
