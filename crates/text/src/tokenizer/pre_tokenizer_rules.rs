//! What the names in `tokenizer.ggml.pre` stand for, as llama.cpp has it.
//!
//! Where llama.cpp simplifies a model's own pattern, so do these: for `tekken` and `gpt-4o`, letters beyond ASCII are upper
//! and lower case at once.

use crate::{Error, Result};

/// Whitespace up to, but not including, the last character before text.
pub(super) const SPACE_BEFORE_TEXT: &str = r"\s+(?!\S)";

/// One pass over the text: alternatives, the first that matches at the leftmost place wins.
pub(super) type Pass = &'static [&'static str];

const CONTRACTIONS: &str = "'s|'t|'re|'ve|'m|'ll|'d";
const ANY_CASE_CONTRACTIONS: &str = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
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
    r"[^\r\n\p{L}\p{N}]?[\p{L}--a-z]*[\p{L}--A-Z]+('[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?",
    r"[^\r\n\p{L}\p{N}]?[\p{L}--a-z]+[\p{L}--A-Z]*('[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?",
    UP_TO_THREE_DIGITS,
    PUNCTUATION_AND_SLASHES,
    NEWLINES,
    SPACE_BEFORE_TEXT,
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
    /// A word that is itself a token is that token, whatever the merges say.
    pub(super) whole_words: bool,
    /// Whether a prompt starts with BOS where the metadata leaves it open.
    pub(super) add_bos: bool,
}

/// The rules of these names: words are merged, and there is no BOS.
const fn rule(names: &'static [&'static str], passes: &'static [Pass]) -> Rules {
    Rules { names, passes, whole_words: false, add_bos: false }
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
        whole_words: true,
        add_bos: true,
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
        whole_words: true,
        ..rule(
            &["minicpm5"],
            &[&[UP_TO_THREE_DIGITS], &[ANY_CASE_CONTRACTIONS, WORD, DIGITS, PUNCTUATION, NEWLINES, SPACE_BEFORE_TEXT]],
        )
    },
    rule(&["laguna"], &[&["[^\n]+|\n+"], QWEN2]),
    Rules { whole_words: true, add_bos: true, ..rule(&["tekken"], &[TEKKEN]) },
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
        &[&[UP_TO_THREE_DIGITS], &["[一-龥぀-ゟ゠-ヿ]+"], DEEPSEEK_V3],
    ),
    rule(&["falcon"], &[&[r"[\p{P}\$\+<=>\^~\|`]+"], GPT2, &["[0-9][0-9][0-9]"]]),
    rule(&["poro-chat", "bloom", "gpt3-finnish"], &[BLOOM]),
    rule(&["viking"], &[BLOOM, &[DIGIT]]),
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
