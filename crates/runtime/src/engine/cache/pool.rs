//! A pool of units of memory on the device, such as blocks or states, with a count of holders each.

/// The order in which free blocks are allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockOrder {
    /// By ascending index.
    #[default]
    Ascending,
    /// Shuffled by a seed, to test that nothing relies on neighbouring blocks.
    Shuffled(u64),
}

impl BlockOrder {
    /// The units below `count`, the last of which is allocated first.
    pub(in crate::engine) fn free_list(self, count: u32) -> Vec<u32> {
        let mut free: Vec<u32> = (0..count).rev().collect();
        if let Self::Shuffled(seed) = self {
            let mut state = seed;
            for end in (1..free.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                free.swap(end, (state >> 33) as usize % (end + 1));
            }
        }
        free
    }
}

/// The kind of a unit's holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// An open sequence.
    Sequence,
    /// A node of the prefix cache.
    Cache,
}

/// The numbers of a unit's holders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holders {
    pub(super) sequences: u32,
    pub(super) nodes: u32,
}

impl Holders {
    /// The number of holders of one kind.
    pub(super) fn of(&mut self, holder: Holder) -> &mut u32 {
        match holder {
            Holder::Sequence => &mut self.sequences,
            Holder::Cache => &mut self.nodes,
        }
    }

    fn cached(self) -> bool {
        self.nodes > 0 && self.sequences == 0
    }
}

/// Units of one size. A unit is free while nobody holds it.
#[derive(Debug)]
pub(super) struct Pool {
    free: Vec<u32>,
    holders: Vec<Holders>,
    cached: usize,
}

impl Pool {
    /// A pool of `count` free units.
    pub(super) fn new(count: u32, order: BlockOrder) -> Self {
        Self { free: order.free_list(count), holders: vec![Holders::default(); count as usize], cached: 0 }
    }

    /// Takes a free unit for a sequence; `None` where none is free.
    pub(super) fn take(&mut self) -> Option<u32> {
        let unit = self.free.pop()?;
        self.holders[unit as usize].sequences = 1;
        Some(unit)
    }

    /// Adds a holder to a unit that has one already.
    pub(super) fn retain(&mut self, unit: u32, holder: Holder) {
        debug_assert!(self.count(unit) > 0, "unit {unit} is free");
        self.change(unit, |holders| *holders.of(holder) += 1);
    }

    /// Removes a holder; true where it was the last and the unit is free now.
    pub(super) fn release(&mut self, unit: u32, holder: Holder) -> bool {
        self.change(unit, |holders| *holders.of(holder) -= 1);
        let free = self.count(unit) == 0;
        if free {
            self.free.push(unit);
        }
        free
    }

    /// Removes a holder of each of `units`. Of those that are free now the last is the next to be taken.
    pub(super) fn release_all(&mut self, units: impl IntoIterator<Item = u32>, holder: Holder) {
        for unit in units {
            self.release(unit, holder);
        }
    }

    fn change(&mut self, unit: u32, change: impl FnOnce(&mut Holders)) {
        let holders = &mut self.holders[unit as usize];
        self.cached -= usize::from(holders.cached());
        change(holders);
        self.cached += usize::from(holders.cached());
    }

    /// The number of free units.
    pub(super) fn free(&self) -> usize {
        self.free.len()
    }

    /// The number of units that the prefix cache holds and no sequence.
    pub(super) fn cached(&self) -> usize {
        self.cached
    }

    /// The number of all units.
    pub(super) fn size(&self) -> usize {
        self.holders.len()
    }

    /// The number of a unit's holders.
    pub(super) fn count(&self, unit: u32) -> u32 {
        let Holders { sequences, nodes } = self.holders[unit as usize];
        sequences + nodes
    }

    /// Compares the holders with `counted` ones, and the free units with those that nobody holds.
    ///
    /// # Errors
    /// The first difference, in words.
    pub(super) fn check(&self, counted: &[Holders]) -> Result<(), String> {
        if let Some(unit) = (0..self.size()).find(|unit| self.holders[*unit] != counted[*unit]) {
            return Err(format!("{unit} has {:?} and counts {:?}", counted[unit], self.holders[unit]));
        }
        let cached = counted.iter().filter(|holders| holders.cached()).count();
        if cached != self.cached {
            return Err(format!("counts say that {} are only cached, not {cached}", self.cached));
        }
        let mut free = vec![false; self.size()];
        for unit in &self.free {
            if std::mem::replace(&mut free[*unit as usize], true) {
                return Err(format!("{unit} is free twice"));
            }
        }
        match (0..self.size()).find(|unit| free[*unit] != (counted[*unit] == Holders::default())) {
            Some(unit) => Err(format!("{unit} has {:?}, and free is {}", counted[unit], free[unit])),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_handed_out_once_in_order_and_come_back() {
        for order in [BlockOrder::Ascending, BlockOrder::Shuffled(3)] {
            let mut pool = Pool::new(10, order);
            let taken: Vec<_> = std::iter::from_fn(|| pool.take()).collect();
            let mut all = taken.clone();
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
            assert_eq!(taken == all, order == BlockOrder::Ascending);
            assert!(pool.release(taken[4], Holder::Sequence));
            assert_eq!((pool.free(), pool.take(), pool.take()), (1, Some(taken[4]), None));
        }
    }

    #[test]
    fn a_unit_is_free_once_its_last_holder_lets_go() {
        let mut pool = Pool::new(2, BlockOrder::Ascending);
        let unit = pool.take().expect("two are free");
        pool.retain(unit, Holder::Cache);
        assert_eq!((pool.count(unit), pool.cached()), (2, 0));
        assert!(!pool.release(unit, Holder::Sequence));
        assert_eq!((pool.count(unit), pool.cached(), pool.free()), (1, 1, 1));
        assert!(pool.release(unit, Holder::Cache));
        assert_eq!((pool.count(unit), pool.cached(), pool.free()), (0, 0, 2));
    }

    #[test]
    fn a_wrong_count_is_found() {
        let counted = |sequences, nodes| [Holders { sequences, nodes }, Holders::default()];
        let mut pool = Pool::new(2, BlockOrder::Ascending);
        assert_eq!(pool.take(), Some(0));
        let error = |pool: &Pool, counted: [_; 2]| pool.check(&counted).expect_err("there is a difference");
        assert_eq!(pool.check(&counted(1, 0)), Ok(()));
        assert!(error(&pool, counted(0, 1)).contains("counts"));
        pool.free.push(1);
        assert!(error(&pool, counted(1, 0)).contains("1 is free twice"));
        pool.free = vec![0, 1];
        assert!(error(&pool, counted(1, 0)).contains("free is true"));
        pool.free = vec![1];
        pool.cached = 1;
        assert!(error(&pool, counted(1, 0)).contains("only cached"));
    }
}
