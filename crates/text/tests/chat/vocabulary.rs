//! A small vocabulary, with which llguidance runs grammars.

use std::sync::Arc;

use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use toktrie::{ApproximateTokEnv, TokEnv, TokRxInfo, TokTrie};
use wgslm_text::chat::OutputFormat;

/// The token that ends an answer.
pub(crate) const END: u32 = 256;

/// A vocabulary of bytes, the end of the text, and markers as control tokens.
pub(crate) struct Vocabulary {
    markers: Vec<&'static str>,
    factory: ParserFactory,
}

impl Vocabulary {
    /// The vocabulary in which the format's markers in angles or brackets are control tokens, or all text is ordinary.
    pub(crate) fn new(format: OutputFormat, with_control: bool) -> Self {
        let is_control =
            |text: &&str| with_control && text.len() > 2 && text.ends_with(['>', ']']) && !text.contains("function");
        let markers: Vec<&str> = format.marker_texts().filter(is_control).collect();
        let mut words: Vec<Vec<u8>> = (0..=255).map(|byte: u8| vec![byte]).collect();
        words[255].clear();
        let named = |name: &str| [b"\xff", name.as_bytes()].concat();
        words.push(named("<end>"));
        words.extend(markers.iter().map(|marker| named(marker)));
        let trie = TokTrie::from(&TokRxInfo::new(words.len() as u32, END), &words);
        let environment: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let mut factory = ParserFactory::new_simple(&environment).unwrap();
        factory.quiet();
        Self { markers, factory }
    }

    /// The number of tokens.
    pub(crate) fn size(&self) -> u32 {
        END + 1 + self.markers.len() as u32
    }

    /// The control token of a text.
    pub(crate) fn control(&self, text: &str) -> Option<u32> {
        self.markers.iter().position(|marker| *marker == text).map(|index| END + 1 + index as u32)
    }

    /// The tokens of a text, with control tokens where it has markers.
    pub(crate) fn tokens(&self, text: &str) -> Vec<u32> {
        let (mut tokens, mut rest) = (Vec::new(), text);
        while let Some(&byte) = rest.as_bytes().first() {
            let marker =
                self.markers.iter().filter(|marker| rest.starts_with(**marker)).max_by_key(|marker| marker.len());
            tokens.push(marker.and_then(|marker| self.control(marker)).unwrap_or(u32::from(byte)));
            match marker {
                Some(marker) => rest = &rest[marker.len()..],
                // A character of several bytes.
                None => {
                    let length = rest.chars().next().unwrap().len_utf8();
                    tokens.extend(rest.bytes().take(length).skip(1).map(u32::from));
                    rest = &rest[length..];
                }
            }
        }
        tokens
    }

    /// The text of tokens.
    pub(crate) fn text(&self, tokens: &[u32]) -> String {
        let mut bytes = Vec::new();
        for &token in tokens {
            match u8::try_from(token) {
                Ok(byte) => bytes.push(byte),
                Err(_) if token == END => {}
                Err(_) => bytes.extend(self.markers[(token - END - 1) as usize].bytes()),
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    /// The grammar, ready to take tokens.
    pub(crate) fn matcher(&self, grammar: &str) -> Matcher {
        let parser = self.factory.create_parser(TopLevelGrammar::from_lark(grammar.to_owned()));
        let matcher = Matcher::new(parser);
        assert!(!matcher.is_error(), "{:?}\n{grammar}", matcher.get_error());
        matcher
    }

    /// True if the grammar lets the whole text through, and the answer may end there.
    pub(crate) fn accepts(&self, grammar: &str, text: &str) -> bool {
        let mut matcher = self.matcher(grammar);
        let tokens = self.tokens(text);
        let taken = matcher.try_consume_tokens(&tokens).unwrap();
        taken == tokens.len() && (matcher.is_accepting().unwrap() || matcher.is_stopped())
    }
}
