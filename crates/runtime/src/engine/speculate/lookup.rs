//! Prompt lookup: drafts copied from where the last tokens occurred before (Saxena 2023, "Prompt Lookup Decoding").

use std::collections::HashMap;

/// Tokens that have to be the same for what followed them to be a draft.
const NGRAM: usize = 3;

/// The n-grams of a sequence, each with the position after its last occurrence.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    after: HashMap<[u32; NGRAM], usize>,
    /// The positions below this one have been noted.
    noted: usize,
}

impl Lookup {
    /// Notes all n-grams of `tokens`, which only ever grow, that something follows.
    pub(super) fn note(&mut self, tokens: &[u32]) {
        for end in self.noted.max(NGRAM)..tokens.len() {
            if let Some(ngram) = ngram(&tokens[..end]) {
                self.after.insert(ngram, end);
            }
        }
        self.noted = self.noted.max(tokens.len());
    }

    /// At most `most` tokens that may follow `tokens`, all of which have been noted: those that followed their last n-gram when it
    /// occurred before. What repeats itself is continued beyond its end.
    pub(super) fn drafts(&self, tokens: &[u32], most: usize) -> Vec<u32> {
        let Some(begin) = ngram(tokens).and_then(|ngram| self.after.get(&ngram)) else { return Vec::new() };
        tokens[*begin..].iter().copied().cycle().take(most).collect()
    }
}

/// The last n-gram of `tokens`.
fn ngram(tokens: &[u32]) -> Option<[u32; NGRAM]> {
    tokens.last_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::Lookup;

    fn drafts(tokens: &[u32], most: usize) -> Vec<u32> {
        // In pieces, as a generation notes them.
        let mut lookup = Lookup::default();
        for end in [tokens.len() / 3, tokens.len() / 2, tokens.len()] {
            lookup.note(&tokens[..end]);
        }
        lookup.drafts(tokens, most)
    }

    #[test]
    fn drafts_are_what_followed_the_last_tokens_before() {
        let cases: [(&[u32], usize, &[u32]); 6] = [
            (&[1, 2, 3, 4, 5, 9, 1, 2, 3], 2, &[4, 5]),
            // The last of several occurrences counts.
            (&[1, 2, 3, 4, 1, 2, 3, 7, 1, 2, 3], 1, &[7]),
            // A repetition goes on beyond its end.
            (&[5, 6, 7, 8, 5, 6, 7], 9, &[8, 5, 6, 7, 8, 5, 6, 7, 8]),
            (&[4, 4, 4, 4], 3, &[4, 4, 4]),
            (&[1, 2, 3, 4, 5, 6], 8, &[]),
            (&[1, 2], 8, &[]),
        ];
        for (tokens, most, expected) in cases {
            assert_eq!(drafts(tokens, most), expected, "{tokens:?}");
        }
    }
}
