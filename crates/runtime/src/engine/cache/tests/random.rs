//! Thousands of random operations, against a device that remembers what was written where.

use std::collections::BTreeMap;

use wgslm_testing::random::Random;

use super::*;
use crate::engine::cache::{HoldId, Sequence, Statistics, TableChange, tree::NodeId, tree::ROOT};

/// The hash of each prefix of `tokens`, the empty one first.
fn prefixes(tokens: &[u32]) -> Vec<u64> {
    let mut hash = 1;
    let next = |token: &u32| {
        hash = Random::new(hash ^ u64::from(*token).wrapping_mul(0x2545_f491_4f6c_dd1d)).bits();
        hash
    };
    std::iter::once(1).chain(tokens.iter().map(next)).collect()
}

/// A sequence of which the first `length` tokens ran.
struct Running {
    tokens: Vec<u32>,
    length: usize,
}

/// A memory, and a device in which a position of a block has the hash of all tokens up to it, and a state likewise.
struct World {
    memory: Memory,
    random: Random,
    blocks: Vec<Vec<u64>>,
    states: Vec<u64>,
    /// The block tables of the slots: for each index the blocks of all groups.
    tables: Vec<Vec<u32>>,
    running: BTreeMap<u32, Running>,
    /// Texts that were seen, which others begin with.
    texts: Vec<Vec<u32>>,
    holds: Vec<HoldId>,
}

impl World {
    fn new(config: Config, seed: u64) -> Self {
        Self {
            blocks: vec![vec![0; config.block_tokens as usize]; config.blocks as usize],
            states: vec![0; config.state_count() as usize],
            tables: vec![Vec::new(); config.slots as usize],
            memory: Memory::new(config),
            random: Random::new(seed),
            running: BTreeMap::new(),
            texts: vec![Vec::new()],
            holds: Vec::new(),
        }
    }

    fn step(&mut self) {
        let slots: Vec<u32> = self.running.keys().copied().collect();
        let choice = self.random.below(22);
        if slots.is_empty() || choice < 3 {
            self.open();
        } else {
            let slot = self.random.choose(&slots);
            match choice {
                3..=11 => self.run(slot),
                12..=15 => self.remember(slot),
                16 => self.truncate(slot),
                17 => self.evict(),
                18..=19 => self.hold(),
                _ => self.close(slot),
            }
        }
        self.memory.check();
        self.check_tree(ROOT, &mut Vec::new());
    }

    fn open(&mut self) {
        let text = self.random.below(self.texts.len());
        let mut prompt = self.texts[text].clone();
        prompt.truncate(self.random.below(prompt.len() + 1));
        let more = 1 + self.random.below(9);
        prompt.extend((0..more).map(|_| self.random.below(3) as u32));
        let longest = (1..prompt.len()).rev().find(|length| self.can_begin_with(&prompt[..*length])).unwrap_or(0);
        let Statistics { free_blocks, cached_blocks, .. } = self.memory.statistics();
        let Some(Opened { slot, cached, known, copies }) = self.memory.open(&prompt) else {
            assert_eq!(self.running.len(), self.memory.slots.len());
            return;
        };
        assert!(cached <= known && (known as usize) < prompt.len());
        // Beside the prefix there may be no room for a copy of its last block of each group.
        let most = self.memory.layout.windows.len() * (self.memory.layout.blocks(longest as u32) + 1);
        assert!(cached as usize == longest || free_blocks + cached_blocks < most, "{cached} of {longest}");
        let copied: Vec<_> = copies.iter().map(|copy| (copy.to, self.blocks[copy.from as usize].clone())).collect();
        copied.into_iter().for_each(|(to, contents)| self.blocks[to as usize] = contents);
        let state = self.sequence(slot).recent.back().map(|(_, state)| self.states[*state as usize]);
        let expected = (cached > 0 && !self.states.is_empty()).then(|| prefixes(&prompt)[cached as usize]);
        assert_eq!(state, expected);
        self.running.insert(slot, Running { tokens: prompt, length: cached as usize });
        self.tables[slot as usize].clear();
        self.write_table(slot);
        self.check_seen(slot);
    }

    /// True where the tree has `prefix` and what the next token sees of it, found out token by token.
    fn can_begin_with(&self, prefix: &[u32]) -> bool {
        let (tree, layout) = (&self.memory.tree, &self.memory.layout);
        let (mut id, mut path) = (ROOT, Vec::new());
        for (position, token) in prefix.iter().enumerate() {
            if position == tree.node(id).end() as usize {
                let Some(child) = tree.node(id).children.get(token) else { return false };
                id = *child;
                path.push(tree.node(id));
            }
            if tree.node(id).tokens[position - tree.node(id).start as usize] != *token {
                return false;
            }
        }
        let end = tree.node(id);
        let has_state = self.states.is_empty() || (end.end() as usize == prefix.len() && end.state.is_some());
        let has_block = |group: usize, position: usize| {
            let index = layout.index(position as u32);
            let holder = path.iter().rfind(|node| layout.index(node.start) <= index);
            holder.is_some_and(|node| node.blocks[group][index - layout.index(node.start)].is_some())
        };
        let sees = |(group, window): (usize, &Option<u32>)| {
            let first = window.map_or(0, |window| (prefix.len() + 1).saturating_sub(window as usize));
            // The block that the next token is written to is wanted too.
            let first =
                if prefix.len().is_multiple_of(self.blocks[0].len()) { first } else { first.min(prefix.len() - 1) };
            (first..prefix.len()).all(|position| has_block(group, position))
        };
        has_state && layout.windows.iter().enumerate().all(sees)
    }

    /// Runs the next tokens of a sequence: several of its prompt, or one of its answer.
    fn run(&mut self, slot: u32) {
        let Running { tokens, length } = &self.running[&slot];
        let (mut tokens, start) = (tokens.clone(), *length);
        if start == tokens.len() {
            tokens.push(self.random.below(3) as u32);
        }
        let end = start + 1 + self.random.below(tokens.len() - start);
        if !self.memory.reserve(slot, end as u32) {
            let missing = self.sequence(slot).table.missing(&self.memory.layout, end as u32);
            let Statistics { free_blocks, cached_blocks, .. } = self.memory.statistics();
            assert!(missing > free_blocks + cached_blocks, "{missing} blocks are wanted");
            self.close(slot);
            return;
        }
        self.write_table(slot);
        let hashes = prefixes(&tokens);
        if self.random.below(2) == 0 {
            let length = start + 1 + self.random.below(end - start);
            if let Some(state) = self.memory.checkpoint(slot, length as u32) {
                self.states[state as usize] = hashes[length];
            }
        }
        if let Some(step) = self.memory.next_state(slot, end as u32) {
            assert_eq!(step.from.map_or(1, |from| self.states[from as usize]), hashes[start]);
            self.states[step.to as usize] = hashes[end];
        }
        for (position, hash) in hashes[start + 1..=end].iter().enumerate().map(|(i, hash)| (start + i, hash)) {
            for group in 0..self.memory.layout.windows.len() {
                let (block, offset) = self.place(slot, group, position);
                self.blocks[block][offset] = *hash;
            }
        }
        self.running.insert(slot, Running { tokens, length: end });
        self.check_seen(slot);
        self.memory.advance(slot, end as u32);
        self.check_seen(slot);
    }

    /// Caches what ran, or a little less of it where steps ran ahead of the end, or any part of it.
    fn remember(&mut self, slot: u32) {
        let Running { tokens, length } = &self.running[&slot];
        let length = match self.random.below(4) {
            0 => self.random.below(length + 1),
            _ => length.saturating_sub(self.random.below(8).saturating_sub(4)),
        };
        self.memory.remember(slot, &tokens[..length]);
    }

    fn evict(&mut self) {
        let wanted = self.memory.pools.blocks.free() + self.random.below(4);
        let evicted = self.memory.tree.evict(wanted, &mut self.memory.pools);
        assert_eq!(evicted, self.memory.pools.blocks.free() >= wanted);
    }

    /// Holds a part of a text that was seen, or lets go of one.
    fn hold(&mut self) {
        if self.holds.len() > 4 {
            let index = self.random.below(self.holds.len());
            self.memory.let_go(self.holds.swap_remove(index));
            return;
        }
        let index = self.random.below(self.texts.len());
        let mut text = self.texts[index].clone();
        text.truncate(self.random.below(text.len() + 1));
        let hold = match self.holds.last().copied().filter(|_| self.random.below(2) == 0) {
            Some(hold) => hold,
            None => self.memory.new_hold(),
        };
        let held = self.memory.hold(hold, &text);
        assert_eq!((held, self.memory.held(hold)), (self.memory.tree.walk(&text).length, held));
        if !self.holds.contains(&hold) {
            self.holds.push(hold);
        }
    }

    fn truncate(&mut self, slot: u32) {
        let running = self.running.get_mut(&slot).expect("the sequence runs");
        let length = running.length.saturating_sub(self.random.below(5));
        if self.memory.truncate(slot, length as u32) {
            running.tokens.truncate(length);
            running.length = length;
            self.check_seen(slot);
        }
    }

    fn close(&mut self, slot: u32) {
        self.memory.close(slot);
        let closed = self.running.remove(&slot).expect("the sequence runs");
        self.texts.push(closed.tokens);
        if self.texts.len() > 12 {
            self.texts.swap_remove(self.random.below(12));
        }
    }

    /// Writes the changes of a slot's block table to the device.
    fn write_table(&mut self, slot: u32) {
        if let Some(TableChange { first, entries }) = self.memory.take_table_changes(slot) {
            let table = &mut self.tables[slot as usize];
            table.truncate(first * self.memory.layout.windows.len());
            assert_eq!(table.len(), first * self.memory.layout.windows.len());
            table.extend(entries);
        }
    }

    /// The place of a position's keys and values by the device's block table: block and offset.
    fn place(&self, slot: u32, group: usize, position: usize) -> (usize, usize) {
        let (groups, tokens) = (self.memory.layout.windows.len(), self.blocks[0].len());
        (self.tables[slot as usize][position / tokens * groups + group] as usize, position % tokens)
    }

    fn sequence(&self, slot: u32) -> &Sequence {
        self.memory.slots[slot as usize].as_ref().expect("the sequence is open")
    }

    /// Checks that the next token of a sequence sees exactly the tokens before it.
    fn check_seen(&self, slot: u32) {
        let Running { tokens, length } = &self.running[&slot];
        let hashes = prefixes(tokens);
        for (group, window) in self.memory.layout.windows.iter().enumerate() {
            let first = window.map_or(0, |window| (length + 1).saturating_sub(window as usize));
            for position in first..*length {
                let (block, offset) = self.place(slot, group, position);
                assert_eq!(self.blocks[block][offset], hashes[position + 1], "position {position} of {length}");
            }
        }
    }

    /// Checks that the blocks of the tree, from a node downwards, have the tokens that it says.
    fn check_tree(&self, id: NodeId, tokens: &mut Vec<u32>) {
        let node = self.memory.tree.node(id);
        tokens.extend(&node.tokens);
        let hashes = prefixes(tokens);
        for blocks in &node.blocks {
            let first = self.memory.layout.index(node.start);
            for (index, block) in (first..).zip(blocks).filter_map(|(index, block)| Some((index, (*block)?))) {
                let start = index * self.blocks[0].len();
                let expected = &hashes[start + 1..hashes.len().min(start + 1 + self.blocks[0].len())];
                assert_eq!(self.blocks[block as usize][..expected.len()], *expected, "block {block} at index {index}");
            }
        }
        if let Some(state) = node.state {
            assert_eq!(self.states[state as usize], *hashes.last().expect("the empty prefix has a hash"));
        }
        node.children.values().for_each(|child| self.check_tree(*child, tokens));
        tokens.truncate(node.start as usize);
    }

    /// Closes everything, evicts everything, and checks that nothing is left.
    fn end(mut self) -> Statistics {
        let statistics = self.memory.statistics();
        for slot in self.running.keys().copied().collect::<Vec<_>>() {
            self.close(slot);
        }
        assert!(self.memory.tree.evict(self.blocks.len(), &mut self.memory.pools), "holds weaken");
        while self.memory.tree.drop_checkpoint(&mut self.memory.pools) {}
        assert!(self.holds.iter().all(|hold| self.memory.held(*hold) == 0));
        self.memory.check();
        assert_eq!(self.memory.pools.blocks.free(), self.blocks.len());
        assert_eq!(self.memory.pools.states.free(), self.states.len());
        assert_eq!(self.memory.tree.ids().count(), 0);
        statistics
    }
}

#[test]
fn random_operations_lose_nothing_and_mix_nothing_up() {
    let groups: [&[Option<u32>]; 8] = [
        &[None],
        &[Some(5)],
        &[None, None],
        &[None, Some(6)],
        &[Some(1), Some(2)],
        &[Some(9), None, Some(4)],
        &[Some(16), Some(4), Some(7)],
        &[],
    ];
    let states = [None, Some(States { recent: 2, checkpoints: 5 }), Some(States { recent: 5, checkpoints: 40 })];
    for (seed, groups) in groups.into_iter().enumerate() {
        for states in states.into_iter().filter(|states| states.is_some() || !groups.is_empty()) {
            for blocks in [16, 40] {
                let blocks = blocks * groups.len() as u32;
                let order = BlockOrder::Shuffled(seed as u64);
                let config = Config { blocks, groups: groups.to_vec(), states, order, ..config() };
                let mut world = World::new(config, seed as u64);
                (0..4000).for_each(|_| world.step());
                let statistics = world.end();
                assert!(statistics.hits > 20 && statistics.misses > 5, "{groups:?}, {states:?}: {statistics:?}");
                assert!(blocks == 0 || statistics.evicted_blocks > 20, "{groups:?}, {states:?}: {statistics:?}");
            }
        }
    }
}
