//! The regular expressions by which pre-tokenizers split text.
//!
//! Where llama.cpp simplifies a model's own pattern, these do so too: for `tekken` and `gpt-4o`, letters beyond ASCII count as
//! both upper and lower case.

/// White space up to, but not including, the last character before text.
pub(super) const SPACE_BEFORE_TEXT: &str = r"\s+(?!\S)";
/// White space as [`SPACE_BEFORE_TEXT`], in words of 512 characters, 256, and so on.
pub(super) const SPACE_IN_POWERS_OF_TWO: &str = r"\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|...|\s{1,2}(?!\S)|\s";
/// Digits in threes, counted from the end; the first of them, up to three, go with the text before.
pub(super) const DIGITS_IN_THREES: &str = r"\p{N}{1,3}(?=(?:\p{N}{3})*\P{N})";
/// An empty match where a number of three digits, or six, or nine, and so on, begins.
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

/// A word of characters of a class, with a contraction behind it.
macro_rules! contracted {
    ($($class:expr),+) => {
        concat!(r"[^\r\n\p{L}\p{N}]?", $($class,)+ "(?:", any_case_contractions!(), ")?")
    };
}

pub(super) const CONTRACTIONS: &str = "'s|'t|'re|'ve|'m|'ll|'d";
pub(super) const ANY_CASE_CONTRACTIONS: &str = any_case_contractions!();
pub(super) const WORD: &str = r"[^\r\n\p{L}\p{N}]?\p{L}+";
pub(super) const WORD_WITH_MARKS: &str = r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+";
pub(super) const UP_TO_THREE_DIGITS: &str = r"\p{N}{1,3}";
pub(super) const DIGIT: &str = r"\p{N}";
pub(super) const DIGITS: &str = r"\p{N}+";
pub(super) const PUNCTUATION: &str = r" ?[^\s\p{L}\p{N}]+[\r\n]*";
pub(super) const PUNCTUATION_AND_SLASHES: &str = r" ?[^\s\p{L}\p{N}]+[\r\n/]*";
pub(super) const PUNCTUATION_RUN: &str = r"[\p{P}\$\+<=>\^~\|]+";
pub(super) const ASCII_WORD_AFTER_PUNCTUATION: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##;
pub(super) const NEWLINES: &str = r"\s*[\r\n]+";
pub(super) const NEWLINE: &str = r"\s*[\r\n]";
/// Han, Kana and Hangul, as broadly as llama.cpp has them: the second range starts at U+0800, and no range contains white space.
pub(super) const CJK: &str = r"[[一-龥ࠀ-一가-퟿]--\s]+";

pub(super) const HAN_AND_KANA: &str = "[一-龥\u{3040}-ゟ゠-ヿ]+";
pub(super) const LETTERS_AND_MARKS: &str = contracted!(r"[\p{L}\p{M}]+");
/// Lines and runs of line breaks: no word holds both a line break and something else.
pub(super) const LINES: Pass = &["[^\n]+|\n+"];

pub(super) const GPT2: Pass = &[CONTRACTIONS, r" ?\p{L}+", r" ?\p{N}+", r" ?[^\s\p{L}\p{N}]+", SPACE_BEFORE_TEXT];
pub(super) const LLAMA3: Pass =
    &[ANY_CASE_CONTRACTIONS, WORD, UP_TO_THREE_DIGITS, PUNCTUATION, NEWLINES, SPACE_BEFORE_TEXT];
pub(super) const QWEN2: Pass = &[ANY_CASE_CONTRACTIONS, WORD, DIGIT, PUNCTUATION, NEWLINES, SPACE_BEFORE_TEXT];
pub(super) const QWEN35: Pass = &[
    ANY_CASE_CONTRACTIONS,
    r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+",
    DIGIT,
    r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*",
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
pub(super) const TEKKEN: Pass = &[
    r"[^\r\n\p{L}\p{N}]?[\p{L}--a-z]*[\p{L}--A-Z]+",
    r"[^\r\n\p{L}\p{N}]?[\p{L}--a-z]+[\p{L}--A-Z]*",
    DIGIT,
    PUNCTUATION_AND_SLASHES,
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
pub(super) const GPT4O: Pass = &[
    contracted!(r"[\p{L}--a-z]*[\p{L}--A-Z]+"),
    contracted!(r"[\p{L}--a-z]+[\p{L}--A-Z]*"),
    UP_TO_THREE_DIGITS,
    PUNCTUATION_AND_SLASHES,
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
/// [`GPT4O`] with combining marks among the letters.
pub(super) const GRANITE_EMBEDDING: Pass = &[
    contracted!(r"[[\p{L}\p{M}]--a-z]*[[\p{L}\p{M}]--A-Z]+"),
    contracted!(r"[[\p{L}\p{M}]--a-z]+[[\p{L}\p{M}]--A-Z]*"),
    UP_TO_THREE_DIGITS,
    PUNCTUATION_AND_SLASHES,
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
pub(super) const KIMI_K2: Pass = &[
    concat!(han!(), "+"),
    contracted!(r"[\p{L}--", han!(), "]+"),
    UP_TO_THREE_DIGITS,
    PUNCTUATION,
    NEWLINES,
    SPACE_BEFORE_TEXT,
];
/// Hangul, wide punctuation, Bopomofo, and Han with Kana.
pub(super) const YOUTU_SCRIPTS: Pass =
    &["[가-힣ㄱ-ㆎ]+", r"[！…“”‘’—：；，\x{3001}-\x{303F}\x{FE30}-\x{FE4F}]+", "[ㄅ-ㄯ]+", HAN_AND_KANA];
/// Han, Kana, and other scripts that are written without spaces; the third range is as wide as llama.cpp has it.
pub(super) const AFMOE_SCRIPTS: Pass = &[
    r"[\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{8C48}-\x{FAFF}\x{3040}-\x{30FF}\x{FF65}-\x{FF9F}\x{2F00}-\x{2FDF}\x{E40}-\x{EFF}\x{1780}-\x{17FF}\x{1000}-\x{109F}\x{1100}-\x{11FF}]+",
];
pub(super) const DEEPSEEK_V3: Pass =
    &[ASCII_WORD_AFTER_PUNCTUATION, WORD_WITH_MARKS, r" ?[\p{P}\p{S}]+[\r\n]*", NEWLINES, SPACE_BEFORE_TEXT];
pub(super) const BLOOM: Pass = &[r" ?[^(\s|.,!?…。，、।۔،)]+"];
/// Letters as Unicode had them when the model was made.
pub(super) const DEEPSEEK_LLM_LETTERS: &str = r"(?x)\s?[
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
