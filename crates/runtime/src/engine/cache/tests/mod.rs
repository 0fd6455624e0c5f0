//! Tests of the memory as a whole.

mod cached_prefixes;
mod chats;
mod checkpoints;
mod contents;
mod eviction;
mod holds;
mod random;
mod speed;
mod windows;

use super::{BlockOrder, Config, Memory, Opened, States};

/// Sizes for small tests: blocks of four tokens, one group without a window, no states.
fn config() -> Config {
    Config {
        blocks: 64,
        groups: vec![None],
        block_tokens: 4,
        states: None,
        slots: 4,
        order: BlockOrder::Ascending,
        prefix_cache: true,
    }
}

fn with_windows(groups: &[Option<u32>]) -> Config {
    Config { groups: groups.to_vec(), ..config() }
}

fn with_states(checkpoints: u32) -> Config {
    Config { states: Some(States { recent: 2, checkpoints }), ..config() }
}

/// The tokens of a text, a letter each.
fn tokens(text: &str) -> Vec<u32> {
    text.chars().map(u32::from).collect()
}

impl Memory {
    /// Opens a sequence for `text`, which there must be a slot for.
    fn open_text(&mut self, text: &str) -> Opened {
        let opened = self.open(&tokens(text)).expect("a slot is free");
        self.check();
        opened
    }

    /// Runs a sequence up to `length` tokens.
    fn run(&mut self, slot: u32, length: u32) -> bool {
        let reserved = self.reserve(slot, length);
        if reserved {
            self.next_state(slot, length);
            self.advance(slot, length);
        }
        self.check();
        reserved
    }

    fn remember_text(&mut self, slot: u32, text: &str) {
        self.remember(slot, &tokens(text));
        self.check();
    }

    /// Opens, runs and caches `text`; the sequence stays open.
    fn cache_open(&mut self, text: &str) -> Opened {
        let opened = self.open_text(text);
        // In two steps, the second of which leaves of windows what a step of one token does.
        for length in [text.len() as u32 - 1, text.len() as u32] {
            assert!(length == opened.cached || self.run(opened.slot, length), "there is room for {text}");
        }
        self.remember_text(opened.slot, text);
        opened
    }

    /// Opens, runs, caches and closes `text`, and returns the number of its tokens that were cached.
    fn cache(&mut self, text: &str) -> u32 {
        let opened = self.cache_open(text);
        self.close(opened.slot);
        self.check();
        opened.cached
    }

    /// The number of tokens of `text` that a sequence would start with.
    fn cached(&mut self, text: &str) -> u32 {
        let opened = self.open_text(text);
        self.close(opened.slot);
        self.check();
        opened.cached
    }

    fn blocks(&self, slot: u32, group: usize) -> Vec<u32> {
        self.slots[slot as usize].as_ref().expect("the sequence is open").table.runs()[group].blocks.clone()
    }

    fn check(&self) {
        assert_eq!(self.check_integrity(), Ok(()));
    }
}
