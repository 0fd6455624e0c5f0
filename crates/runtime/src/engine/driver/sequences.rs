//! The sequences of running requests: the memory as the scheduler sees it.

use std::collections::BTreeMap;

use super::super::cache::{self, BlockCopy};
use super::super::inner::Inner;
use super::super::schedule::{Memory, Part, RequestId};

/// The sequence of a running request.
#[derive(Debug)]
pub(in crate::engine) struct Open {
    pub(super) slot: u32,
    /// Tokens of the prompt that were cached.
    cached: u32,
    /// Tokens that the prompt has in common with others; see [`cache::Opened::known`].
    known: u32,
    /// Tokens in the prompt.
    pub(super) prompt: u32,
    /// The prefix cache was given the prompt.
    pub(super) remembered: bool,
    /// The sequence has values that aren't to be kept.
    pub(in crate::engine) damaged: bool,
}

impl Open {
    /// The lengths within or at the end of a part after which others may go on: where the prompt parts from those known, and before its
    /// last token, which an equal prompt runs again.
    pub(super) fn marks(&self, part: &Part) -> impl Iterator<Item = u32> + use<> {
        let (first, end) = (part.first, part.first + part.tokens);
        let known = Some(self.known).filter(|known| *known > self.cached);
        let before_last = Some(self.prompt - 1).filter(|length| Some(*length) != known);
        known.into_iter().chain(before_last).filter(move |length| (first + 1..=end).contains(length))
    }

    /// True for a mark that is worth caching at once, without waiting for the end of the prompt.
    pub(super) fn is_known(&self, mark: u32) -> bool {
        mark == self.known
    }
}

/// The memory and the sequences in it. Blocks that a sequence shares in part are copied as it opens.
pub(super) struct Sequences<'a> {
    pub(super) inner: &'a Inner,
    pub(super) memory: &'a mut cache::Memory,
    pub(super) open: &'a mut BTreeMap<RequestId, Open>,
}

impl Sequences<'_> {
    fn slot(&self, id: RequestId) -> Option<u32> {
        self.open.get(&id).map(|open| open.slot)
    }
}

impl Memory for Sequences<'_> {
    fn open(&mut self, id: RequestId, prompt: &[u32]) -> Option<u32> {
        let cache::Opened { slot, cached, known, copies } = self.memory.open(prompt)?;
        if !copies.is_empty() {
            let copies: Vec<[u32; 2]> = copies.iter().map(|BlockCopy { from, to }| [*from, *to]).collect();
            self.inner.kv.copy_blocks(self.inner.device.gpu(), &copies);
        }
        let prompt = prompt.len() as u32;
        self.open.insert(id, Open { slot, cached, known, prompt, remembered: false, damaged: false });
        Some(cached)
    }

    fn reserve(&mut self, id: RequestId, length: u32) -> bool {
        self.slot(id).is_some_and(|slot| self.memory.reserve(slot, length))
    }

    fn close(&mut self, id: RequestId, tokens: &[u32]) {
        let Some(open) = self.open.remove(&id) else { return };
        if !open.damaged {
            self.memory.remember(open.slot, tokens);
        }
        self.memory.close(open.slot);
    }
}
