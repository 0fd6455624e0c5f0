//! The merges of a byte-pair vocabulary: pairs of tokens in the order in which they join, and the tokens that they become.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};
use wgslm_formats::gguf::{Array, Metadata, Value};

use crate::{Error, Result};

const KEY: &str = "tokenizer.ggml.merges";

/// Merges in the order of their ranks, and a table of ranks: 16 bytes and a slot each, where two strings would take 60.
pub(super) struct Merges {
    merges: Vec<Merge>,
    ranks: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

struct Merge {
    pair: (u32, u32),
    token: u32,
}

impl Merges {
    /// Moves the pairs of `tokenizer.ggml.merges` that join two tokens into a third out of the metadata. Other pairs, which some
    /// files have, can't lead to a token and are left out, in effect as in llama.cpp. Fails if merges are `needed` and there are
    /// none.
    pub(super) fn take_from(metadata: &mut Metadata, needed: bool, find: impl Fn(&str) -> Option<u32>) -> Result<Self> {
        if !needed && metadata.get(KEY).is_none() {
            return Ok(Self::new(Vec::new()));
        }
        metadata.require_strings(KEY)?;
        let Some(Value::Array(Array::Strings(lines))) = metadata.remove(KEY) else {
            return Err(Error::missing_metadata(KEY));
        };
        let mut joined = String::new();
        let usable = lines.iter().filter_map(|line| {
            let (left, right) = line.split_once(' ')?;
            joined.clear();
            joined.extend([left, right]);
            Some(Merge { pair: (find(left)?, find(right)?), token: find(&joined)? })
        });
        let merges = Self::new(usable.collect());
        if merges.merges.len() < lines.len() {
            // A detail that needs no action.
            tracing::debug!(
                left_out = lines.len() - merges.merges.len(),
                "merges that don't join two tokens into a third"
            );
        }
        Ok(merges)
    }

    fn new(merges: Vec<Merge>) -> Self {
        let hasher = DefaultHashBuilder::default();
        let mut ranks = HashTable::with_capacity(merges.len());
        let pair = |rank: &u32| merges[*rank as usize].pair;
        for (rank, merge) in (0..).zip(&merges) {
            ranks
                .entry(
                    hasher.hash_one(merge.pair),
                    |other| pair(other) == merge.pair,
                    |other| hasher.hash_one(pair(other)),
                )
                .or_insert(rank);
        }
        Self { merges, ranks, hasher }
    }

    /// The rank of a pair and the token that it becomes, if it is one of the merges.
    pub(super) fn find(&self, left: u32, right: u32) -> Option<(u32, u32)> {
        let pair = (left, right);
        let rank = *self.ranks.find(self.hasher.hash_one(pair), |rank| self.merges[*rank as usize].pair == pair)?;
        Some((rank, self.merges[rank as usize].token))
    }
}

impl std::fmt::Debug for Merges {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Merges").field("merges", &self.merges.len()).finish_non_exhaustive()
    }
}
