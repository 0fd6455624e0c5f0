//! The check that nothing is lost, shared by mistake or counted wrongly.

use super::Memory;
use super::pool::Holders;
use super::tree::{NodeId, ROOT, Tree};

impl Memory {
    /// Counts every holder anew, and checks the tree and the tables.
    ///
    /// # Errors
    /// The first difference, in words.
    pub(in crate::engine) fn check_integrity(&self) -> Result<(), String> {
        self.check_slots()?;
        self.check_tables()?;
        self.tree.check()?;
        let mut blocks = vec![Holders::default(); self.pools.blocks.size()];
        let mut states = vec![Holders::default(); self.pools.states.size()];
        for sequence in self.slots.iter().flatten() {
            let runs = sequence.table.runs().iter();
            runs.flat_map(|run| &run.blocks).for_each(|block| blocks[*block as usize].sequences += 1);
            sequence.states().for_each(|state| states[state as usize].sequences += 1);
        }
        for node in self.tree.ids().map(|id| self.tree.node(id)) {
            node.held().for_each(|block| blocks[block as usize].nodes += 1);
            node.state.iter().for_each(|state| states[*state as usize].nodes += 1);
        }
        self.pools.blocks.check(&blocks).map_err(|error| format!("block {error}"))?;
        self.pools.states.check(&states).map_err(|error| format!("state {error}"))
    }

    fn check_slots(&self) -> Result<(), String> {
        let mut free: Vec<usize> = self.free_slots.iter().map(|slot| *slot as usize).collect();
        free.sort_unstable();
        let closed: Vec<usize> = (0..self.slots.len()).filter(|slot| self.slots[*slot].is_none()).collect();
        if free != closed {
            return Err(format!("slots {free:?} are free and {closed:?} are closed"));
        }
        Ok(())
    }

    fn check_tables(&self) -> Result<(), String> {
        // The one sequence that still writes to a block has it to itself, whatever the tree holds of it.
        let mut holder = vec![None; self.pools.blocks.size()];
        for (slot, sequence) in self.slots.iter().enumerate().filter_map(|(slot, open)| Some((slot, open.as_ref()?))) {
            if !sequence.table.sees(&self.layout, sequence.length) {
                return Err(format!("the table of slot {slot} lacks a block within a window"));
            }
            let filled = self.layout.whole_blocks(sequence.remembered);
            for run in sequence.table.runs() {
                for (index, block) in (run.first..).zip(&run.blocks) {
                    let shareable = index < filled;
                    match holder[*block as usize].replace((slot, shareable)) {
                        Some((other, _)) if other == slot => {
                            return Err(format!("block {block} is twice in the table of slot {slot}"));
                        }
                        Some((other, others)) if !(shareable && others) => {
                            return Err(format!(
                                "slots {other} and {slot} both hold block {block}, and one writes to it"
                            ));
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }
}

impl Tree {
    fn check(&self) -> Result<(), String> {
        let checkpoints = self.ids().filter(|id| self.node(*id).state.is_some()).count();
        if checkpoints != self.checkpoints {
            return Err(format!("the tree has {checkpoints} checkpoints and counts {}", self.checkpoints));
        }
        if let Some((hold, end)) = self.holds.iter().find(|(_, end)| self.nodes.get(**end).is_none_or(Option::is_none))
        {
            return Err(format!("{hold:?} is on node {end}, which is gone"));
        }
        let (mut reached, mut stack) = (0, vec![ROOT]);
        while let Some(id) = stack.pop() {
            reached += 1;
            for (first, child) in &self.node(id).children {
                self.check_child(id, *first, *child)?;
                stack.push(*child);
            }
        }
        match self.ids().count() + 1 {
            nodes if nodes == reached => Ok(()),
            nodes => Err(format!("{reached} of the tree's {nodes} nodes hang together")),
        }
    }

    fn check_child(&self, parent: NodeId, first: u32, id: NodeId) -> Result<(), String> {
        let (above, node) = (self.node(parent), self.node(id));
        let entries = self.layout.blocks(node.end()) - self.layout.index(node.start);
        let complete = |(blocks, window): (&Vec<Option<u32>>, &Option<u32>)| {
            let gone = blocks.iter().take_while(|block| block.is_none()).count();
            let first_only = blocks[gone..].iter().all(Option::is_some);
            blocks.len() == entries && first_only && (window.is_some() || gone == 0)
        };
        let wrong = if node.parent != parent || node.start != above.end() {
            "doesn't follow its parent"
        } else if node.tokens.first() != Some(&first) {
            "stands under another token"
        } else if node.blocks.len() != self.layout.windows.len() {
            "lacks a group"
        } else if !node.blocks.iter().zip(&self.layout.windows).all(complete) {
            "lacks blocks"
        } else if parent != ROOT && node.last_used > above.last_used {
            "was used after its parent"
        } else if node.children.is_empty() && !self.can_resume(&self.path(id), node.end()) {
            "is a leaf of no use"
        } else {
            return Ok(());
        };
        Err(format!("node {id} of the tree {wrong}"))
    }
}
