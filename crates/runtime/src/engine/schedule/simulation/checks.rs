//! The rules that hold at every moment, and the bounds on waits and gaps.

use std::time::Duration;

use super::super::{Priority, RequestId};
use super::client::{Client, Place};
use super::world::World;
use super::{MASK, longest_gap};

impl World {
    /// Checks that nobody is overtaken but background requests, and they by their patience only.
    pub(super) fn check_turn(&self, id: RequestId) {
        let turn = |client: &Client| match client.priority {
            _ if client.place == Place::Preempted => Duration::ZERO,
            Priority::Interactive => client.arrived,
            Priority::Background => client.arrived + self.limits.patience,
        };
        let client = &self.live[&id];
        let mut waiting = self.live.values().filter(|client| client.place != Place::Slot);
        assert!(waiting.all(|other| turn(client) <= turn(other)), "{client:?} isn't the next");
    }

    /// Checks that requests are admitted when the batching window allows it.
    pub(super) fn check_window(&self) {
        let running = self.live.values().filter(|client| client.place == Place::Slot).count();
        let waiting = self.live.values().filter(|client| client.place != Place::Slot);
        let over = waiting.clone().any(|client| client.arrived + self.limits.window <= self.now);
        let full = waiting.count() >= self.limits.slots - running;
        assert!(over || full || self.live.values().any(Client::prefills), "the batching window isn't over");
    }

    /// Checks that nothing that could go on waits.
    pub(super) fn check_wait(&self) {
        if self.steps.len() < self.limits.steps_in_flight {
            for client in self.live.values().filter(|client| client.decodes() && client.may_sample()) {
                assert!(!self.memory.has_room(client.id, client.next_length()), "{client:?} waits for nothing");
            }
        }
        let running = self.live.values().filter(|client| client.place == Place::Slot).count();
        if running < self.limits.slots && self.memory.refused.is_empty() {
            let overdue =
                |client: &Client| client.place == Place::Queue && client.arrived + self.limits.window <= self.now;
            assert!(!self.live.values().any(overdue), "a slot is free");
        }
    }

    /// Checks the longest gaps and waits.
    pub(super) fn check_waits(&self) {
        for (constrained, gaps) in &self.report.gaps {
            let bound = longest_gap(&self.limits) + if *constrained { MASK } else { Duration::ZERO };
            assert!(gaps.longest() <= bound, "a gap of {:?}, over {bound:?}", gaps.longest());
        }
        // Each slot is free again after the longest run at the latest. While memory is short, nobody is admitted.
        let turns = (self.report.longest_queue / self.limits.slots + 1) as u32;
        for (priority, waits) in self.report.waits.iter().filter(|_| self.memory.refused.is_empty()) {
            let patience = if *priority == Priority::Background { self.limits.patience } else { Duration::ZERO };
            let bound = self.limits.window + patience + self.report.runs.longest() * turns;
            assert!(waits.longest() <= bound, "a wait of {:?}, over {bound:?}", waits.longest());
        }
    }
}
