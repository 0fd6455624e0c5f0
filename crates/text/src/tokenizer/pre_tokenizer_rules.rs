//! The pre-tokenizers that `tokenizer.ggml.pre` names, as llama.cpp has them.

use super::pre_tokenizer_patterns::{
    AFMOE_SCRIPTS, ANY_CASE_CONTRACTIONS, ASCII_WORD_AFTER_PUNCTUATION, BEFORE_THREE_DIGITS, BLOOM, CJK,
    DEEPSEEK_LLM_LETTERS, DEEPSEEK_V3, DIGIT, DIGITS, DIGITS_IN_THREES, GPT2, GPT4O, GRANITE_EMBEDDING, HAN_AND_KANA,
    KIMI_K2, LETTERS_AND_MARKS, LINES, LLAMA3, NEWLINE, NEWLINES, PUNCTUATION, PUNCTUATION_AND_SLASHES,
    PUNCTUATION_RUN, Pass, QWEN2, QWEN35, SPACE_BEFORE_TEXT, SPACE_IN_POWERS_OF_TWO, TEKKEN, UP_TO_THREE_DIGITS, WORD,
    WORD_WITH_MARKS, YOUTU_SCRIPTS,
};
use super::spelling::Spelling;
use crate::{Error, Result};

/// A pre-tokenizer: the rules that split text, and other settings that llama.cpp ties to its name.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) names: &'static [&'static str],
    pub(super) passes: &'static [Pass],
    pub(super) spelling: Spelling,
    pub(super) whole_words: WholeWords,
    pub(super) add_bos: AddBos,
    /// True if the metadata must have merges.
    pub(super) needs_merges: bool,
}

/// The words that become the token of their text, where there is one, whatever the merges say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WholeWords {
    /// No words.
    No,
    /// Words of line breaks.
    LineBreaks,
    /// All words.
    All,
}

/// The cases in which a prompt starts with BOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddBos {
    /// Only where the metadata says so.
    IfAsked,
    /// Unless the metadata says otherwise.
    ByDefault,
    /// Even where the metadata says otherwise: llama.cpp found files that are wrong about it.
    Always,
}

/// The rules of these names: byte-level words are merged, and there is no BOS.
const fn rule(names: &'static [&'static str], passes: &'static [Pass]) -> Rules {
    Rules {
        names,
        passes,
        spelling: Spelling::ByteLevel,
        whole_words: WholeWords::No,
        add_bos: AddBos::IfAsked,
        needs_merges: true,
    }
}

pub(super) const RULES: &[Rules] = &[
    rule(&["default"], &[&[PUNCTUATION_RUN], GPT2, &[DIGITS], &["[0-9][0-9][0-9]"]]),
    rule(
        &[
            "gpt-2",
            "phi-2",
            "mpt",
            "olmo",
            "exaone4",
            "granite-docling",
            "trillion",
            "jais",
            "gigachat",
            "a.x-4.0",
            "mellum",
            "jina-es",
            "jina-de",
            "jina-v2-es",
            "jina-v2-de",
            "jina-v1-en",
            "jina-v2-code",
            "roberta-bpe",
            "modern-bert",
        ],
        &[GPT2],
    ),
    rule(
        &["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"],
        &[&[DIGIT], GPT2],
    ),
    Rules {
        whole_words: WholeWords::All,
        add_bos: AddBos::ByDefault,
        ..rule(
            &["llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"],
            &[LLAMA3],
        )
    },
    rule(&["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], &[LLAMA3]),
    rule(
        &["qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "megrez", "hunyuan", "solar-open", "grok-2"],
        &[QWEN2],
    ),
    rule(&["qwen35"], &[QWEN35]),
    rule(&["ufakzeka"], &[&[WORD, DIGIT, PUNCTUATION, NEWLINES, SPACE_BEFORE_TEXT]]),
    rule(
        &["bailingmoe", "bailingmoe2", "llada-moe"],
        &[&[ANY_CASE_CONTRACTIONS, WORD, DIGIT, PUNCTUATION, NEWLINE, SPACE_BEFORE_TEXT]],
    ),
    rule(&["seed-coder"], &[&[ANY_CASE_CONTRACTIONS, WORD, DIGIT, r" ?[^\s\p{L}\p{N}]+", NEWLINES, SPACE_BEFORE_TEXT]]),
    rule(
        &["exaone-moe"],
        &[&[
            ANY_CASE_CONTRACTIONS,
            r"[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+",
            DIGIT,
            r" ?[^\s\p{L}\p{N}]+[\r\n/]?",
            NEWLINE,
            SPACE_BEFORE_TEXT,
        ]],
    ),
    Rules {
        whole_words: WholeWords::All,
        ..rule(
            &["minicpm5"],
            &[&[UP_TO_THREE_DIGITS], &[ANY_CASE_CONTRACTIONS, WORD, DIGITS, PUNCTUATION, NEWLINES, SPACE_BEFORE_TEXT]],
        )
    },
    rule(&["laguna"], &[LINES, QWEN2]),
    Rules { whole_words: WholeWords::All, add_bos: AddBos::ByDefault, ..rule(&["tekken"], &[TEKKEN]) },
    rule(&["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], &[GPT4O]),
    rule(
        &["deepseek-llm"],
        &[
            &["[\r\n]"],
            &[DEEPSEEK_LLM_LETTERS],
            &[r"\s?[[!-/:-~！-／：-～‘-‟　-。]--\s]+"],
            &[r"\s+$"],
            &[CJK],
            &[DIGITS],
        ],
    ),
    rule(&["deepseek-coder"], &[&["[\r\n]"], &[r"\s?\p{L}+"], &[r"\s?\p{P}+"], &[CJK], &[DIGIT]]),
    rule(
        &["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
        &[&[UP_TO_THREE_DIGITS], &[HAN_AND_KANA], DEEPSEEK_V3],
    ),
    rule(&["falcon"], &[&[r"[\p{P}\$\+<=>\^~\|`]+"], GPT2, &["[0-9][0-9][0-9]"]]),
    rule(&["poro-chat", "bloom", "gpt3-finnish"], &[BLOOM]),
    rule(&["viking"], &[BLOOM, &[DIGIT]]),
    rule(
        &["jais-2"],
        &[&[ANY_CASE_CONTRACTIONS, WORD, UP_TO_THREE_DIGITS, PUNCTUATION, NEWLINES, SPACE_IN_POWERS_OF_TWO]],
    ),
    Rules {
        add_bos: AddBos::ByDefault,
        ..rule(
            &["chameleon"],
            &[
                &["<sentinel:[0-9]+>"],
                &["IMGIMG[A-I]{1,4}Z"],
                &["[\t\n]|    |  "],
                &[DIGIT],
                &[r"[\p{P}!-/:-@\[-`{-~]"],
                GPT2,
            ],
        )
    },
    Rules { whole_words: WholeWords::All, ..rule(&["granite-embed-multi-97m"], &[GRANITE_EMBEDDING]) },
    rule(
        &["tiny_aya", "cohere2moe"],
        &[
            &[DIGITS_IN_THREES],
            &[LETTERS_AND_MARKS, UP_TO_THREE_DIGITS, PUNCTUATION_AND_SLASHES, NEWLINES, SPACE_BEFORE_TEXT],
        ],
    ),
    Rules {
        whole_words: WholeWords::All,
        ..rule(
            &["youtu"],
            &[YOUTU_SCRIPTS, &[LETTERS_AND_MARKS, DIGIT, PUNCTUATION_AND_SLASHES, NEWLINES, SPACE_BEFORE_TEXT]],
        )
    },
    rule(
        &["spark2_5"],
        &[
            &[UP_TO_THREE_DIGITS],
            &[HAN_AND_KANA],
            &[ASCII_WORD_AFTER_PUNCTUATION, WORD_WITH_MARKS, r" ?[\p{P}\p{S}]+", "[\r\n]", SPACE_BEFORE_TEXT],
            &[DIGIT],
        ],
    ),
    rule(&["afmoe"], &[&[DIGITS_IN_THREES], AFMOE_SCRIPTS, DEEPSEEK_V3]),
    rule(&["superbpe"], &[&[DIGITS], &[BEFORE_THREE_DIGITS]]),
    Rules { needs_merges: false, ..rule(&["kimi-k2"], &[KIMI_K2]) },
    Rules {
        spelling: Spelling::SentencePiece,
        whole_words: WholeWords::LineBreaks,
        add_bos: AddBos::Always,
        ..rule(&["gemma4", "granite-embed-multi-311m"], &[LINES])
    },
    Rules { spelling: Spelling::SentencePiece, ..rule(&["sarvam-moe"], &[LINES]) },
    Rules { spelling: Spelling::Characters, ..rule(&["whitespace"], &[&[r"\S+"]]) },
];

/// The rules that `name` stands for. Another name is refused: text split by guessed rules gives other tokens than the model
/// was trained on, and its answers are worse without a sign of why.
pub(super) fn rules(name: &str) -> Result<&'static Rules> {
    RULES.iter().find(|rules| rules.names.contains(&name)).ok_or_else(|| {
        let known: Vec<_> = RULES.iter().flat_map(|rules| rules.names).copied().collect();
        Error::Tokenizer {
            reason: format!("the pre-tokenizer {name:?} is not supported (supported: {})", known.join(", ")),
        }
    })
}
