//! Splits text into words, within which byte-pair merges stay, by the rules that `tokenizer.ggml.pre` names.
//!
//! The usual patterns end in `\s+(?!\S)`. Since look-ahead makes a regex engine backtrack, such an alternative is matched without
//! it, and the match is cut afterwards by the text that follows. One lazily built automaton then does everything, in linear time
//! for any text.

use std::ops::Range;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input};

use super::pre_tokenizer_patterns::{
    BEFORE_THREE_DIGITS, DIGITS_IN_THREES, Pass, SPACE_BEFORE_TEXT, SPACE_IN_POWERS_OF_TWO,
};
use super::pre_tokenizer_rules::Rules;
use crate::{Error, Result};

/// The compiled rules of a pre-tokenizer.
#[derive(Debug)]
pub(super) struct PreTokenizer {
    passes: Vec<CompiledPass>,
}

#[derive(Debug)]
struct CompiledPass {
    automaton: DFA,
    /// The cut of each alternative.
    cuts: Vec<Cut>,
}

/// The way that a match is cut into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// The match is one word.
    Whole,
    /// The match is cut as [`SPACE_BEFORE_TEXT`] describes.
    BeforeText,
    /// The match is cut as [`SPACE_IN_POWERS_OF_TWO`] describes.
    PowersOfTwo,
    /// The match is cut as [`DIGITS_IN_THREES`] describes.
    BehindThrees,
    /// The match is cut as [`BEFORE_THREE_DIGITS`] describes.
    BeforeThrees,
}

/// The alternatives that look ahead, the pattern that replaces each, and the cut that makes up for the difference.
const LOOKING_AHEAD: [(&str, &str, Cut); 4] = [
    (SPACE_BEFORE_TEXT, r"\s+", Cut::BeforeText),
    (SPACE_IN_POWERS_OF_TWO, r"\s+", Cut::PowersOfTwo),
    (DIGITS_IN_THREES, r"\p{N}+", Cut::BehindThrees),
    (BEFORE_THREE_DIGITS, "[0-9]+", Cut::BeforeThrees),
];

/// The longest word of white space that is cut into powers of two, in characters.
const LONGEST_SPACE: usize = 512;

/// Splits texts into words; keeps the states of its automata for the next text.
#[derive(Debug)]
pub(super) struct Splitter<'rules> {
    passes: Vec<(&'rules CompiledPass, Cache)>,
}

impl PreTokenizer {
    /// Compiles `rules`.
    pub(super) fn new(rules: &Rules) -> Result<Self> {
        Ok(Self { passes: rules.passes.iter().map(|pass| CompiledPass::new(pass)).collect::<Result<_>>()? })
    }

    /// A splitter for several texts.
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
        let alternative = |&pattern: &&'static str| {
            let found = LOOKING_AHEAD.iter().find(|(looking_ahead, ..)| *looking_ahead == pattern);
            found.map_or((pattern, Cut::Whole), |&(_, pattern, cut)| (pattern, cut))
        };
        let (patterns, cuts): (Vec<_>, Vec<_>) = pass.iter().map(alternative).unzip();
        Ok(Self { automaton: DFA::new_many(&patterns).map_err(failed)?, cuts })
    }

    /// Appends the words of `text` from byte `start` on; a stretch in which nothing matches is a word.
    fn split(&self, cache: &mut Cache, text: &str, start: usize, words: &mut Vec<Range<usize>>) -> Result<()> {
        // The end of the words so far, and the start of the next search.
        let (mut done, mut at) = (start, start);
        let mut push = |end| {
            if done < end {
                words.push(done..end);
                done = end;
            }
        };
        while let Some(character) = text[at..].chars().next() {
            let input = Input::new(text).range(at..).anchored(Anchored::Yes);
            let found = self.automaton.try_search_fwd(cache, &input).map_err(failed)?;
            // Words are never empty.
            let Some(found) = found.filter(|found| at < found.offset()) else {
                at += character.len_utf8();
                continue;
            };
            let cut = self.cuts[found.pattern().as_usize()];
            if !matches!(cut, Cut::BehindThrees | Cut::BeforeThrees) {
                push(at);
            }
            at = cut.words(text, at..found.offset(), &mut push);
        }
        push(at);
        Ok(())
    }
}

impl Cut {
    /// Calls `push` with the ends of words in a match, and returns where to look for the next.
    fn words(self, text: &str, found: Range<usize>, mut push: impl FnMut(usize)) -> usize {
        let Range { start: mut at, mut end } = found;
        if matches!(self, Self::BeforeText | Self::PowersOfTwo) && end < text.len() {
            let last = text[at..end].chars().next_back().map_or(0, char::len_utf8);
            end = if at + last < end { end - last } else { end };
        }
        if matches!(self, Self::Whole | Self::BeforeText) {
            push(end);
            return end;
        }
        let mut left = text[at..end].chars().count();
        while left > 0 {
            if self == Self::BeforeThrees && left.is_multiple_of(3) {
                push(at);
            }
            let length = match self {
                Self::PowersOfTwo => 1 << left.min(LONGEST_SPACE).ilog2(),
                _ => (left - 1) % 3 + 1,
            };
            at += text[at..].chars().take(length).map(char::len_utf8).sum::<usize>();
            left -= length;
            if self != Self::BeforeThrees {
                push(at);
            }
        }
        at
    }
}

fn failed(error: impl std::error::Error) -> Error {
    let cause = std::iter::successors(error.source(), |error| error.source()).last();
    let reason = cause.map_or_else(|| error.to_string(), ToString::to_string);
    Error::Tokenizer { reason: format!("the pre-tokenizer failed: {reason}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _, SplitDelimiterBehavior};

    use super::*;
    use crate::tokenizer::pre_tokenizer_rules::{RULES, rules};

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
    fn every_table_entry_splits_as_llama_cpp_does() {
        let golden = include_str!("../../../runtime/tests/golden/pre_tokenizers.json");
        let golden: BTreeMap<String, Vec<String>> = serde_json::from_str(golden).unwrap();
        let missing = RULES.iter().find(|rules| !rules.names.iter().any(|&name| golden.contains_key(name)));
        assert!(missing.is_none(), "no golden words for {missing:?}");
        for (name, texts) in &golden {
            for marked in texts {
                assert_eq!(words(name, &marked.replace('│', "")).join("│"), *marked, "{name}");
            }
        }
    }

    #[test]
    fn random_text_splits_as_the_published_patterns_do() {
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
