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

/// Units of one size. A unit is free while nobody holds it.
#[derive(Debug)]
pub(super) struct Pool {
    free: Vec<u32>,
    holders: Vec<u32>,
}

impl Pool {
    /// A pool of `count` free units.
    pub(super) fn new(count: u32, order: BlockOrder) -> Self {
        Self { free: order.free_list(count), holders: vec![0; count as usize] }
    }

    /// Takes a free unit, with one holder; `None` where none is free.
    pub(super) fn take(&mut self) -> Option<u32> {
        let unit = self.free.pop()?;
        self.holders[unit as usize] = 1;
        Some(unit)
    }

    /// Adds a holder to a unit that has one already.
    pub(super) fn retain(&mut self, unit: u32) {
        debug_assert!(self.count(unit) > 0, "unit {unit} is free");
        self.holders[unit as usize] += 1;
    }

    /// Removes a holder; true where it was the last and the unit is free now.
    pub(super) fn release(&mut self, unit: u32) -> bool {
        debug_assert!(self.count(unit) > 0, "unit {unit} is free");
        let holders = &mut self.holders[unit as usize];
        *holders -= 1;
        let free = *holders == 0;
        if free {
            self.free.push(unit);
        }
        free
    }

    /// Removes a holder of each of `units`, of which the last is the next to be taken if it is free now.
    pub(super) fn release_all(&mut self, units: impl IntoIterator<Item = u32>) {
        for unit in units {
            self.release(unit);
        }
    }

    /// The number of free units.
    pub(super) fn free(&self) -> usize {
        self.free.len()
    }

    /// The number of all units.
    pub(super) fn size(&self) -> usize {
        self.holders.len()
    }

    /// The number of a unit's holders.
    pub(super) fn count(&self, unit: u32) -> u32 {
        self.holders[unit as usize]
    }

    /// Compares the counts with `holders`, counted anew, and the free units with those that nobody holds.
    pub(super) fn check(&self, holders: &[u32]) -> Result<(), String> {
        if let Some(unit) = (0..self.size()).find(|unit| self.holders[*unit] != holders[*unit]) {
            return Err(format!("{unit} has {} holders and counts {}", holders[unit], self.holders[unit]));
        }
        let mut free = vec![false; self.size()];
        for unit in &self.free {
            if std::mem::replace(&mut free[*unit as usize], true) {
                return Err(format!("{unit} is free twice"));
            }
        }
        match (0..self.size()).find(|unit| free[*unit] != (holders[*unit] == 0)) {
            Some(unit) => Err(format!("{unit} has {} holders, and free is {}", holders[unit], free[unit])),
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
            assert!(pool.release(taken[4]));
            assert_eq!((pool.free(), pool.take(), pool.take()), (1, Some(taken[4]), None));
        }
    }

    #[test]
    fn a_unit_is_free_once_its_last_holder_lets_go() {
        let mut pool = Pool::new(2, BlockOrder::Ascending);
        let unit = pool.take().expect("two are free");
        pool.retain(unit);
        assert_eq!(pool.count(unit), 2);
        assert!(!pool.release(unit));
        assert_eq!((pool.count(unit), pool.free()), (1, 1));
        assert!(pool.release(unit));
        assert_eq!((pool.count(unit), pool.free()), (0, 2));
    }

    #[test]
    fn a_wrong_count_is_found() {
        let mut pool = Pool::new(3, BlockOrder::Ascending);
        assert_eq!(pool.take(), Some(0));
        assert_eq!(pool.check(&[1, 0, 0]), Ok(()));
        assert!(pool.check(&[2, 0, 0]).is_err_and(|error| error.contains("has 2 holders and counts 1")));
        pool.free.push(1);
        assert!(pool.check(&[1, 0, 0]).is_err_and(|error| error.contains("1 is free twice")));
        pool.free = vec![0, 1, 2];
        assert!(pool.check(&[1, 0, 0]).is_err_and(|error| error.contains("0 has 1 holders, and free is true")));
    }
}
