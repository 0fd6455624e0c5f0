//! The rules that hold at every moment, and the bounds on waits and gaps.

use std::time::Duration;

use super::super::{FEW_ROWS, Priority, RequestId};
use super::client::{Client, Place};
use super::world::World;
use super::{MASK, READBACK, bulk_cost, few_cost, longest_gap};

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

    /// Checks that memory is taken from the youngest sequence of the lowest priority.
    pub(super) fn check_victim(&self, id: RequestId) {
        let rank = |client: &Client| (client.priority, client.order);
        let victim = &self.live[&id];
        let mut running = self.live.values().filter(|client| client.place == Place::Slot);
        assert!(running.all(|other| rank(other) <= rank(victim)), "{victim:?} had to give way");
    }

    /// The longest time until all prompts with a slot are done, if memory isn't short. A round is a step of each kind and the readback
    /// that a stream may wait for. Every second round takes the oldest short prompt, and every round half of a budget of long ones.
    pub(super) fn longest_prefill(&self) -> Duration {
        let prompts = self.live.values().filter(|client| client.prefills());
        let (short, long): (Vec<u32>, Vec<u32>) =
            prompts.map(Client::remaining).partition(|remaining| *remaining <= FEW_ROWS);
        let rounds = 2 * short.len() as u32 + (2 * long.iter().sum::<u32>()).div_ceil(self.limits.budget);
        let round = few_cost(FEW_ROWS) + bulk_cost(self.limits.budget) + READBACK;
        let queued = bulk_cost(self.limits.bulk_tokens) * self.limits.steps_in_flight as u32;
        round * (rounds + 1) + queued + MASK + READBACK
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
        let running = self.live.values().filter(|client| client.place == Place::Slot);
        let most = running.map(|client| client.most_in_flight() as usize).max().unwrap_or(0).max(2);
        if self.steps.len() < most.min(self.limits.steps_in_flight) {
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
        for (waits, gaps) in &self.report.gaps {
            let bound = longest_gap(&self.limits) + if *waits { MASK } else { Duration::ZERO };
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
