//! A prompt as a chat template renders it, in segments that say whether control tokens count.

use std::fmt;
use std::ops::Range;

use super::control_texts::ControlTexts;
use super::special_tokens::{Piece, SpecialTokens};
use super::vocabulary::Vocabulary;
use super::{JsonTokenizer, Special};
use crate::Result;

/// A stretch of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The text.
    pub text: String,
    /// True where control tokens count, since the template wrote them; false where a message spells them, so that they are plain
    /// text.
    pub trusted: bool,
}

/// A prompt in segments, which together are its text.
///
/// Ordinary text is tokenised across the borders of segments, as if they weren't there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    segments: Vec<Segment>,
}

impl Prompt {
    /// A prompt of these segments.
    #[must_use]
    pub fn new(segments: Vec<Segment>) -> Self {
        Self { segments: segments.into_iter().filter(|segment| !segment.text.is_empty()).collect() }
    }

    /// A prompt whose control tokens all count.
    #[must_use]
    pub fn trusted(text: impl Into<String>) -> Self {
        Self::new(vec![Segment { text: text.into(), trusted: true }])
    }

    /// The prompt `text`, in which control tokens count except in the ranges `plain`, which are in ascending order.
    pub(crate) fn with_plain(text: &str, plain: &[Range<usize>]) -> Self {
        let mut segments = Vec::new();
        let mut at = 0;
        for range in plain {
            segments.push(Segment { text: text[at..range.start].to_owned(), trusted: true });
            segments.push(Segment { text: text[range.clone()].to_owned(), trusted: false });
            at = range.end;
        }
        segments.push(Segment { text: text[at..].to_owned(), trusted: true });
        Self::new(segments)
    }

    /// The segments in order; none is empty.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        self.segments.iter().map(|segment| segment.text.as_str()).collect()
    }

    /// The range of each segment in the text.
    fn ranges(&self) -> impl Iterator<Item = (Range<usize>, bool)> {
        let mut start = 0;
        self.segments.iter().map(move |segment| {
            let range = start..start + segment.text.len();
            start = range.end;
            (range, segment.trusted)
        })
    }

    /// True if control tokens count in all segments.
    pub(super) fn is_trusted(&self) -> bool {
        self.segments.iter().all(|segment| segment.trusted)
    }

    /// The pieces of `text`, which is the text of all segments: special tokens, and the longest stretches of text between them.
    pub(super) fn pieces<'text>(&self, text: &'text str, special: &SpecialTokens) -> Result<Vec<Piece<'text>>> {
        let mut pieces = Vec::new();
        for (range, trusted) in self.ranges() {
            let special_in = if trusted { Special::Parse } else { Special::Plain };
            for piece in special.split(&text[range], special_in)? {
                match (pieces.last_mut(), piece) {
                    (Some(Piece::Text(before)), Piece::Text(after)) => match joined(text, before, after) {
                        Some(both) => *before = both,
                        None => pieces.push(Piece::Text(after)),
                    },
                    (_, piece) => pieces.push(piece),
                }
            }
        }
        Ok(pieces)
    }

    /// Encodes the prompt with an encoder that parses special tokens either everywhere or nowhere.
    ///
    /// The text between two of the template's control tokens is encoded without parsing if a message spells a control token in
    /// it.
    pub(super) fn encode_with(&self, encoder: &dyn JsonTokenizer, vocabulary: &Vocabulary) -> Result<Vec<u32>> {
        let text = self.text();
        if self.is_trusted() {
            return encoder.encode(&text, Special::Parse);
        }
        let controls = ControlTexts::of(vocabulary)?;
        let mut tokens = Vec::new();
        // The text to parse begins at `parsed`, the text not to parse at `between`, behind the last control token.
        let (mut parsed, mut between, mut plain) = (0, 0, false);
        let mut flush = |parsed: usize, between: usize, end: usize| {
            tokens.extend(encoder.encode(&text[parsed..between], Special::Parse)?);
            tokens.extend(encoder.encode(&text[between..end], Special::Plain)?);
            Ok::<_, crate::Error>(())
        };
        for (range, trusted) in self.ranges() {
            if !trusted {
                plain = true;
                continue;
            }
            for found in controls.find(&text[range.clone()])? {
                if plain {
                    flush(parsed, between, range.start + found.start)?;
                    (parsed, plain) = (range.start + found.start, false);
                }
                between = range.start + found.end;
            }
        }
        if plain {
            flush(parsed, between, text.len())?;
        } else {
            flush(parsed, text.len(), text.len())?;
        }
        Ok(tokens)
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| formatter.write_str(&segment.text))
    }
}

/// `before` and `after` as one stretch of `text`, if the second follows the first.
fn joined<'text>(text: &'text str, before: &str, after: &str) -> Option<&'text str> {
    let offset = |part: &str| (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    let (start, middle) = (offset(before)?, offset(after)?);
    if start + before.len() == middle { text.get(start..middle + after.len()) } else { None }
}
