//! Rates over a sliding window.

use std::time::Duration;

/// Slots in a window.
const SLOTS: u32 = 60;

/// A count of events over the last [`SLOTS`] slots of time, from which their rate follows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SlidingWindow {
    slot: Duration,
    /// The number of the slot, from the engine's start, and its events; at the number modulo [`SLOTS`].
    slots: [(u64, u64); SLOTS as usize],
}

impl SlidingWindow {
    /// A window of a minute, by seconds.
    pub(super) fn minute() -> Self {
        Self { slot: Duration::from_secs(1), slots: [(0, 0); SLOTS as usize] }
    }

    /// A window of an hour, by minutes.
    pub(super) fn hour() -> Self {
        Self { slot: Duration::from_secs(60), slots: [(0, 0); SLOTS as usize] }
    }

    /// Counts `events` at a moment. Those of a moment that has left the window are not counted.
    pub(super) fn add(&mut self, at: Duration, events: u64) {
        self.add_to(self.number(at), events);
    }

    /// Adds the events of `other`, a window of the same length.
    pub(super) fn merge(&mut self, other: &Self) {
        for (number, events) in other.slots {
            self.add_to(number, events);
        }
    }

    /// Events a second in the window that ends now. An engine younger than the window is measured since its start, and from its
    /// first slot on.
    pub(super) fn per_second(&self, now: Duration) -> f64 {
        let current = self.number(now);
        let inside = self.slots.iter().filter(|(number, _)| current.saturating_sub(*number) < u64::from(SLOTS));
        let events: u64 = inside.map(|(_, events)| events).sum();
        let begun = now - Duration::from_secs(current * self.slot.as_secs());
        let span = now.min(self.slot * (SLOTS - 1) + begun).max(self.slot);
        events as f64 / span.as_secs_f64()
    }

    fn number(&self, at: Duration) -> u64 {
        at.as_secs() / self.slot.as_secs()
    }

    fn add_to(&mut self, number: u64, events: u64) {
        let slot = &mut self.slots[(number % u64::from(SLOTS)) as usize];
        if slot.0 < number {
            *slot = (number, 0);
        }
        if slot.0 == number {
            slot.1 += events;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_steady_rate_is_found_at_any_age() {
        for (mut window, step) in [(SlidingWindow::minute(), 0.05), (SlidingWindow::hour(), 3.0)] {
            let slot = window.slot.as_secs_f64();
            let mut at = 0.0;
            while at < slot * 200.0 {
                window.add(seconds(at), 7);
                at += step;
                if at > slot {
                    let found = window.per_second(seconds(at));
                    assert!((found * step / 7.0 - 1.0).abs() < 0.06, "{found} at {at}");
                }
            }
        }
    }

    #[test]
    fn events_leave_the_window() {
        let mut window = SlidingWindow::minute();
        window.add(seconds(10.5), 590);
        assert_eq!(window.per_second(seconds(69.0)), 10.0);
        assert_eq!(window.per_second(seconds(70.0)), 0.0);
        window.add(seconds(130.0), 59);
        // As from a thread that was held up: this moment's slot belongs to a later one.
        window.add(seconds(10.0), 1000);
        assert_eq!(window.per_second(seconds(130.0)), 1.0);
    }

    #[test]
    fn a_young_engine_is_measured_over_one_slot_at_least() {
        let mut window = SlidingWindow::minute();
        assert_eq!(window.per_second(Duration::ZERO), 0.0);
        window.add(Duration::ZERO, 5);
        assert_eq!(window.per_second(seconds(0.001)), 5.0);
        assert_eq!(window.per_second(seconds(2.0)), 2.5);
        assert_eq!(window.per_second(Duration::MAX), 0.0);
        window.add(Duration::MAX, 1);
        assert!(window.per_second(Duration::MAX) > 0.0);
    }

    #[test]
    fn merged_windows_equal_one_of_all_events() {
        let (mut first, mut second, mut all) =
            (SlidingWindow::minute(), SlidingWindow::minute(), SlidingWindow::minute());
        for at in 0..100 {
            let part = if at % 3 == 0 { &mut first } else { &mut second };
            part.add(seconds(f64::from(at)), 4);
            all.add(seconds(f64::from(at)), 4);
        }
        first.merge(&second);
        assert_eq!(first.per_second(seconds(99.5)), all.per_second(seconds(99.5)));
    }
}
