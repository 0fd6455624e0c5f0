//! Splitting of text into the words that byte-pair merges stay within, as `tokenizer.ggml.pre` names it.
//!
//! The rules are those that llama.cpp applies under each name. The usual patterns end in `\s+(?!\S)`; a look-ahead makes
//! a regex engine backtrack, so that one alternative is matched as `\s+` and gives its last character back where text
//! follows. One lazily built automaton then does it all, in linear time whatever the text.

use std::ops::Range;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input};

use crate::{Error, Result};

/// Whitespace up to, but not including, the last character before text.
const SPACE_BEFORE_TEXT: &str = r"\s+(?!\S)";

/// One pass over the text: alternatives, the first that matches at the leftmost place wins.
type Pass = &'static [&'static str];

const CONTRACTIONS: &str = "'s|'t|'re|'ve|'m|'ll|'d";
const ANY_CASE_CONTRACTIONS: &str = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";

const GPT2: Pass = &[CONTRACTIONS, r" ?\p{L}+", r" ?\p{N}+", r" ?[^\s\p{L}\p{N}]+", SPACE_BEFORE_TEXT];
const SINGLE_DIGITS: Pass = &[r"\p{N}"];
const LLAMA3: Pass = &[
    ANY_CASE_CONTRACTIONS,
    r"[^\r\n\p{L}\p{N}]?\p{L}+",
    r"\p{N}{1,3}",
    r" ?[^\s\p{L}\p{N}]+[\r\n]*",
    r"\s*[\r\n]+",
    SPACE_BEFORE_TEXT,
];
const QWEN2: Pass = &[
    ANY_CASE_CONTRACTIONS,
    r"[^\r\n\p{L}\p{N}]?\p{L}+",
    r"\p{N}",
    r" ?[^\s\p{L}\p{N}]+[\r\n]*",
    r"\s*[\r\n]+",
    SPACE_BEFORE_TEXT,
];

/// What a name in `tokenizer.ggml.pre` stands for.
#[derive(Debug)]
pub(super) struct Rules {
    names: &'static [&'static str],
    passes: &'static [Pass],
    /// A word that is itself a token is that token, whatever the merges say.
    pub(super) whole_words: bool,
    /// Whether a prompt starts with BOS where the metadata leaves it open.
    pub(super) add_bos: bool,
}

const RULES: &[Rules] = &[
    Rules { names: &["gpt-2", "phi-2", "mpt", "olmo"], passes: &[GPT2], whole_words: false, add_bos: false },
    Rules {
        names: &["smollm", "starcoder", "refact", "command-r", "codeshell"],
        passes: &[SINGLE_DIGITS, GPT2],
        whole_words: false,
        add_bos: false,
    },
    Rules { names: &["llama-bpe", "llama3", "llama-v3"], passes: &[LLAMA3], whole_words: true, add_bos: true },
    Rules { names: &["qwen2", "deepseek-r1-qwen"], passes: &[QWEN2], whole_words: false, add_bos: false },
    Rules {
        names: &["default"],
        passes: &[&[r"[\p{P}\$\+<=>\^~\|]+"], GPT2, &[r"\p{N}+"], &["[0-9][0-9][0-9]"]],
        whole_words: false,
        add_bos: false,
    },
];

/// The rules that `name` stands for.
pub(super) fn rules(name: &str) -> Result<&'static Rules> {
    RULES.iter().find(|rules| rules.names.contains(&name)).ok_or_else(|| {
        let known: Vec<_> = RULES.iter().flat_map(|rules| rules.names).copied().collect();
        Error::Tokenizer {
            reason: format!("the pre-tokenizer {name:?} is not supported (supported: {})", known.join(", ")),
        }
    })
}

/// The compiled rules of one name.
#[derive(Debug)]
pub(super) struct PreTokenizer {
    passes: Vec<CompiledPass>,
}

#[derive(Debug)]
struct CompiledPass {
    automaton: DFA,
    /// The alternative that stands for [`SPACE_BEFORE_TEXT`].
    space: Option<usize>,
}

/// Splits texts into words; what it learns of the automata serves the next text.
#[derive(Debug)]
pub(super) struct Splitter<'rules> {
    passes: Vec<(&'rules CompiledPass, Cache)>,
}

impl PreTokenizer {
    /// Compiles `rules`.
    pub(super) fn new(rules: &Rules) -> Result<Self> {
        Ok(Self { passes: rules.passes.iter().map(|pass| CompiledPass::new(pass)).collect::<Result<_>>()? })
    }

    /// A splitter for some texts.
    pub(super) fn splitter(&self) -> Splitter<'_> {
        Splitter { passes: self.passes.iter().map(|pass| (pass, pass.automaton.create_cache())).collect() }
    }
}

impl Splitter<'_> {
    /// The words of `text` in order, without gaps, as byte ranges.
    pub(super) fn split(&mut self, text: &str) -> Result<Vec<Range<usize>>> {
        let mut pieces: Vec<_> = std::iter::once(0..text.len()).collect();
        for (pass, cache) in &mut self.passes {
            let mut words = Vec::with_capacity(pieces.len());
            for piece in pieces {
                pass.split(cache, &text[..piece.end], piece.start, &mut words)?;
            }
            pieces = words;
        }
        Ok(pieces)
    }
}

impl CompiledPass {
    fn new(pass: Pass) -> Result<Self> {
        let patterns = pass.iter().map(|&pattern| if pattern == SPACE_BEFORE_TEXT { r"\s+" } else { pattern });
        let automaton = DFA::new_many(&patterns.collect::<Vec<_>>()).map_err(failed)?;
        Ok(Self { automaton, space: pass.iter().position(|&pattern| pattern == SPACE_BEFORE_TEXT) })
    }

    /// Appends the words of `text` from byte `start` on; a stretch in which nothing matches is a word.
    fn split(&self, cache: &mut Cache, text: &str, start: usize, words: &mut Vec<Range<usize>>) -> Result<()> {
        let mut unmatched = start;
        let mut at = start;
        while let Some(character) = text[at..].chars().next() {
            let Some(end) = self.word_end(cache, text, at)? else {
                at += character.len_utf8();
                continue;
            };
            if unmatched < at {
                words.push(unmatched..at);
            }
            words.push(at..end);
            unmatched = end;
            at = end;
        }
        if unmatched < at {
            words.push(unmatched..at);
        }
        Ok(())
    }

    /// Where the word ends that starts at byte `at`, if one does. Words are never empty.
    fn word_end(&self, cache: &mut Cache, text: &str, at: usize) -> Result<Option<usize>> {
        let input = Input::new(text).range(at..).anchored(Anchored::Yes);
        let Some(found) = self.automaton.try_search_fwd(cache, &input).map_err(failed)? else { return Ok(None) };
        let end = found.offset();
        if Some(found.pattern().as_usize()) == self.space && end < text.len() {
            let last = text[at..end].chars().next_back().map_or(0, char::len_utf8);
            if at + last < end {
                return Ok(Some(end - last));
            }
        }
        Ok(Some(end).filter(|&end| at < end))
    }
}

fn failed(error: impl std::error::Error) -> Error {
    Error::Tokenizer { reason: format!("the pre-tokenizer fails: {error}") }
}

#[cfg(test)]
mod tests {
    use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _, SplitDelimiterBehavior};

    use super::*;

    const GPT2_PATTERN: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// The patterns as the models' own `tokenizer.json` has them, look-aheads and all.
    const PUBLISHED: &[(&str, &[&str])] = &[
        ("gpt-2", &[GPT2_PATTERN]),
        ("smollm", &[r"\p{N}", GPT2_PATTERN]),
        ("default", &[r"[\p{P}\$\+<=>\^~\|]+", GPT2_PATTERN, r"\p{N}+", "[0-9][0-9][0-9]"]),
        (
            "llama-bpe",
            &[
                r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
        ),
        (
            "qwen2",
            &[
                r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            ],
        ),
    ];

    fn words<'text>(name: &str, text: &'text str) -> Vec<&'text str> {
        let pre_tokenizer = PreTokenizer::new(rules(name).unwrap()).unwrap();
        pre_tokenizer.splitter().split(text).unwrap().into_iter().map(|word| &text[word]).collect()
    }

    /// Short texts in which every class that the patterns tell apart meets every other.
    fn random_text(seed: &mut u64) -> String {
        const ATOMS: &[&str] = &[
            " ", "  ", "\n", "\r\n", "\t", "\u{a0}", "\u{2003}", "\u{200b}", "a", "don't", "'S", "'re", "é",
            "e\u{301}", "日本", "1", "23", "½", "4567", "!", "<|", "$", "_", "🙂", "(", "'", "«", "x",
        ];
        let mut next = |limit: usize| {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            usize::try_from(*seed % limit as u64).unwrap()
        };
        (0..next(12)).map(|_| ATOMS[next(ATOMS.len())]).collect()
    }

    #[test]
    fn every_table_entry_splits_as_the_published_patterns_do() {
        assert_eq!(PUBLISHED.len(), RULES.len());
        for (name, patterns) in PUBLISHED {
            let pre_tokenizer = PreTokenizer::new(rules(name).unwrap()).unwrap();
            let mut ours = pre_tokenizer.splitter();
            let published: Vec<_> = patterns
                .iter()
                .map(|&pattern| {
                    let pattern = SplitPattern::Regex(pattern.to_owned());
                    Split::new(pattern, SplitDelimiterBehavior::Isolated, false).unwrap()
                })
                .collect();
            let mut seed = 0x9e37_79b9_7f4a_7c15;
            for _ in 0..4000 {
                let text = random_text(&mut seed);
                let mut expected = PreTokenizedString::from(text.as_str());
                published.iter().for_each(|split| split.pre_tokenize(&mut expected).unwrap());
                let expected: Vec<_> = expected
                    .get_splits(OffsetReferential::Original, OffsetType::Byte)
                    .into_iter()
                    .map(|(word, _, _)| word)
                    .filter(|word| !word.is_empty())
                    .collect();
                let words: Vec<_> = ours.split(&text).unwrap().into_iter().map(|word| &text[word]).collect();
                assert_eq!(words, expected, "{name}: {text:?}");
            }
        }
    }

    #[test]
    fn names_split_differently() {
        let text = "I'LL pay  $1234!\n\n ok";
        assert_eq!(words("gpt-2", text), ["I", "'", "LL", " pay", " ", " $", "1234", "!", "\n\n", " ok"]);
        assert_eq!(words("smollm", text), ["I", "'", "LL", " pay", " ", " $", "1", "2", "3", "4", "!", "\n\n", " ok"]);
        assert_eq!(words("llama-bpe", text), ["I", "'LL", " pay", " ", " $", "123", "4", "!\n\n", " ok"]);
        assert_eq!(words("qwen2", text), ["I", "'LL", " pay", " ", " $", "1", "2", "3", "4", "!\n\n", " ok"]);
        assert_eq!(words("default", text), ["I", "'", "LL", " pay", "  ", "$", "123", "4", "!", "\n\n", " ok"]);
    }

    #[test]
    fn a_million_spaces_are_split_in_linear_time() {
        let text = format!("{}x", " ".repeat(1_000_000));
        assert_eq!(words("smollm", &text).iter().map(|word| word.len()).collect::<Vec<_>>(), [999_999, 2]);
    }

    #[test]
    fn an_unknown_name_is_refused_by_name() {
        let error = rules("wordpiece-9000").unwrap_err();
        assert_eq!(error.code(), "tokenizer");
        assert!(error.to_string().contains("wordpiece-9000") && error.to_string().contains("smollm"), "{error}");
    }
}
