//! What the names in `tokenizer.ggml.pre` stand for, as llama.cpp has it.
//!
//! Where llama.cpp simplifies a model's own pattern, so do these: for `tekken` and `gpt-4o`, letters beyond ASCII are upper
//! and lower case at once.

use super::spelling::Spelling;
use crate::{Error, Result};

/// White space up to, but not including, the last character before text.
pub(super) const SPACE_BEFORE_TEXT: &str = r"\s+(?!\S)";
/// White space as [`SPACE_BEFORE_TEXT`], in words of 512 characters, 256, and so on.
pub(super) const SPACE_IN_POWERS_OF_TWO: &str = r"\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|...|\s{1,2}(?!\S)|\s";
/// Digits in threes, counted from the end; the first of them, up to three, go with the text before.
pub(super) const DIGITS_IN_THREES: &str = r"\p{N}{1,3}(?=(?:\p{N}{3})*\P{N})";
/// Nothing, where a number of three digits, or six, or nine, and so on, begins.
pub(super) const BEFORE_THREE_DIGITS: &str = "(?=([0-9]{3})+(?![0-9]))";

/// One pass over the text: alternatives, the first that matches at the leftmost place wins.
pub(super) type Pass = &'static [&'static str];

macro_rules! any_case_contractions {
    () => {
        "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
    };
}

macro_rules! han {
    () => {
        r"[\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{20000}-\x{2A6DF}\x{2A700}-\x{2EBEF}\x{F900}-\x{FAFF}\x{2F800}-\x{2FA1F}]"
    };
}

/// A word of characters of a class, with its contraction.
macro_rules! contracted {
    ($($class:expr),+) => {
        concat!(r"[^\r\n\p{L}\p{N}]?", $($class,)+ "(?:", any_case_contractions!(), ")?")
    };
}

const CONTRACTIONS: &str = "'s|'t|'re|'ve|'m|'ll|'d";
const ANY_CASE_CONTRACTIONS: &str = any_case_contractions!();
const WORD: &str = r"[^\r\n\p{L}\p{N}]?\p{L}+";
const WORD_WITH_MARKS: &str = r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+";
const UP_TO_THREE_DIGITS: &str = r"\p{N}{1,3}";
const DIGIT: &str = r"\p{N}";
const DIGITS: &str = r"\p{N}+";
const PUNCTUATION: &str = r" ?[^\s\p{L}\p{N}]+[\r\n]*";
const PUNCTUATION_AND_SLASHES: &str = r" ?[^\s\p{L}\p{N}]+[\r\n/]*";
const PUNCTUATION_RUN: &str = r"[\p{P}\$\+<=>\^~\|]+";
const ASCII_WORD_AFTER_PUNCTUATION: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##;
const NEWLINES: &str = r"\s*[\r\n]+";
const NEWLINE: &str = r"\s*[\r\n]";
/// The second range goes from U+0800 on; to llama.cpp, white space is in no such range.
const CJK: &str = r"[[一-龥ࠀ-一가-퟿]--\s]+";

const HAN_AND_KANA: &str = "[一-龥\u{3040}-ゟ゠-ヿ]+";
const LETTERS_AND_MARKS: &str = contracted!(r"[\p{L}\p{M}]+");
/// Runs of lines, without their ends: no word holds a line break and something else.
const LINES: Pass = &["[^\n]+|\n+"];

const GPT2: Pass = &[CONTRACTIONS, r" ?\p{L}+", r" ?\p{N}+", r" ?[^\s\p{L}\p{N}]+", SPACE_BEFORE_TEXT];
const LLAMA3: Pass = &[ANY_CASE_CONTRACTIONS, WORD, UP_TO_THREE_DIGITS, PUNCTUATION, NEWLINES, SPACE_BEFORE_TEXT];
const QWEN2: Pass = &[ANY_CASE_CONTRACTIONS, WORD, DIGIT, PUNCTUATION, NEWLINES, SPACE_BEFORE_TEXT];
const QWEN35: Pass = &[
    ANY_CASE_CONTRACTIONS,
    r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+",
    DIGIT,
    r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*",
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
const TEKKEN: Pass = &[
    r"[^\r\n\p{L}\p{N}]?[\p{L}--a-z]*[\p{L}--A-Z]+",
    r"[^\r\n\p{L}\p{N}]?[\p{L}--a-z]+[\p{L}--A-Z]*",
    DIGIT,
    PUNCTUATION_AND_SLASHES,
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
const GPT4O: Pass = &[
    contracted!(r"[\p{L}--a-z]*[\p{L}--A-Z]+"),
    contracted!(r"[\p{L}--a-z]+[\p{L}--A-Z]*"),
    UP_TO_THREE_DIGITS,
    PUNCTUATION_AND_SLASHES,
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
/// As [`GPT4O`], with marks.
const GRANITE_EMBEDDING: Pass = &[
    contracted!(r"[[\p{L}\p{M}]--a-z]*[[\p{L}\p{M}]--A-Z]+"),
    contracted!(r"[[\p{L}\p{M}]--a-z]+[[\p{L}\p{M}]--A-Z]*"),
    UP_TO_THREE_DIGITS,
    PUNCTUATION_AND_SLASHES,
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
const KIMI_K2: Pass = &[
    concat!(han!(), "+"),
    contracted!(r"[\p{L}--", han!(), "]+"),
    UP_TO_THREE_DIGITS,
    PUNCTUATION,
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
/// Hangul, wide punctuation, Bopomofo, and Han with Kana.
const YOUTU_SCRIPTS: Pass =
    &["[가-힣ㄱ-ㆎ]+", r"[！…“”‘’—：；，\x{3001}-\x{303F}\x{FE30}-\x{FE4F}]+", "[ㄅ-ㄯ]+", HAN_AND_KANA];
/// Han, Kana, and other scripts that are written without spaces; the third range is as wide as llama.cpp has it.
const AFMOE_SCRIPTS: Pass = &[
    r"[\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{8C48}-\x{FAFF}\x{3040}-\x{30FF}\x{FF65}-\x{FF9F}\x{2F00}-\x{2FDF}\x{E40}-\x{EFF}\x{1780}-\x{17FF}\x{1000}-\x{109F}\x{1100}-\x{11FF}]+",
];
const DEEPSEEK_V3: Pass =
    &[ASCII_WORD_AFTER_PUNCTUATION, WORD_WITH_MARKS, r" ?[\p{P}\p{S}]+[\r\n]*", NEWLINES, SPACE_BEFORE_TEXT];
const BLOOM: Pass = &[r" ?[^(\s|.,!?…。，、।۔،)]+"];
/// Letters as Unicode had them when the model was made.
const DEEPSEEK_LLM_LETTERS: &str = r"(?x)\s?[
    A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293}\x{295}-\x{2AF}\x{370}-\x{373}
    \x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}
    \x{48A}-\x{52F}\x{531}-\x{556}\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}
    \x{1CBD}-\x{1CBF}\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}
    \x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}
    \x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}
    \x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}
    \x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}
    \x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}
    \x{A722}-\x{A76F}\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}
    \x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}
    \x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}
]+";

/// What a name in `tokenizer.ggml.pre` stands for.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) names: &'static [&'static str],
    pub(super) passes: &'static [Pass],
    pub(super) spelling: Spelling,
    pub(super) whole_words: WholeWords,
    pub(super) add_bos: AddBos,
    /// Whether the metadata has to have merges.
    pub(super) needs_merges: bool,
}

/// Which words become the token of their text, where there is one, whatever the merges say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WholeWords {
    /// None.
    No,
    /// Those of line breaks.
    LineBreaks,
    /// All.
    All,
}

/// Whether a prompt starts with BOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddBos {
    /// Only where the metadata says so.
    IfAsked,
    /// Unless the metadata says otherwise.
    ByDefault,
    /// Whatever the metadata says: llama.cpp found files that are wrong about it.
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
