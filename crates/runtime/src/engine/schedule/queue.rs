//! The requests that wait for a slot: a bounded queue by priority.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Change, End, Limits, Priority, Request, RequestId};

/// Departures that the rate of the queue is estimated from.
const RECENT: usize = 32;

/// The retry hint of a queue that nothing has left yet.
const FIRST_HINT: Duration = Duration::from_secs(1);

/// A request that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) request: Request,
    /// The time at which the request was submitted.
    pub(super) arrived: Duration,
    /// The first step of a stepwise request may come.
    pub(super) ready: bool,
}

/// A part of the queue, in which the first to come is the first to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    /// Preempted requests. They have been admitted once, so they go before all others and no bound holds for them.
    Preempted,
    Interactive,
    Background,
}

/// The requests that wait for a slot.
#[derive(Debug)]
pub(super) struct Queue {
    /// By [`Line`].
    lines: [VecDeque<Waiting>; 3],
    bound: usize,
    patience: Duration,
    departures: VecDeque<Duration>,
    /// No request expires before this time.
    expiry: Option<Duration>,
}

impl Queue {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            lines: Default::default(),
            bound: limits.waiting,
            patience: limits.patience,
            departures: VecDeque::with_capacity(RECENT),
            expiry: None,
        }
    }

    /// The number of requests that wait.
    pub(super) fn len(&self) -> usize {
        self.lines.iter().map(VecDeque::len).sum()
    }

    /// The earliest arrival of a request that waits.
    pub(super) fn oldest(&self) -> Option<Duration> {
        self.lines.iter().filter_map(VecDeque::front).map(|waiting| waiting.arrived).min()
    }

    /// No request expires before this time.
    pub(super) fn expiry(&self) -> Option<Duration> {
        self.expiry
    }

    /// Takes a new request; where the queue is full, returns the time in which a place is likely to be free.
    pub(super) fn push(&mut self, now: Duration, request: Request) -> Result<(), Duration> {
        if self.line(Line::Interactive).len() + self.line(Line::Background).len() >= self.bound {
            return Err(self.time_to_leave(now));
        }
        let line = match request.priority {
            Priority::Interactive => Line::Interactive,
            Priority::Background => Line::Background,
        };
        let waiting = Waiting { request, arrived: now, ready: false };
        self.note_expiry(&waiting);
        self.lines[line as usize].push_back(waiting);
        Ok(())
    }

    /// Puts a preempted request at the front.
    pub(super) fn put_back(&mut self, waiting: Waiting) {
        self.note_expiry(&waiting);
        self.lines[Line::Preempted as usize].push_front(waiting);
    }

    /// Removes the request whose turn it is and for which `admit` returns a value.
    pub(super) fn take<T>(&mut self, now: Duration, admit: impl FnOnce(&Request) -> Option<T>) -> Option<(Waiting, T)> {
        let line = self.next()?;
        let value = admit(&self.line(line).front()?.request)?;
        self.left(now);
        Some((self.lines[line as usize].pop_front()?, value))
    }

    /// The line whose first request goes next. A background request counts as arrived later than it did, so that interactive ones
    /// overtake it for a while and nobody starves: with more of either than can be served, both wait about as long.
    fn next(&self) -> Option<Line> {
        if !self.line(Line::Preempted).is_empty() {
            return Some(Line::Preempted);
        }
        let turn = |line, patience| Some((self.line(line).front()?.arrived.saturating_add(patience), line));
        let turns = [turn(Line::Interactive, Duration::ZERO), turn(Line::Background, self.patience)];
        turns.into_iter().flatten().min().map(|(_, line)| line)
    }

    /// Removes a request; false where it doesn't wait.
    pub(super) fn cancel(&mut self, id: RequestId) -> bool {
        self.lines.iter_mut().any(|line| {
            let index = line.iter().position(|waiting| waiting.request.id == id);
            index.and_then(|index| line.remove(index)).is_some()
        })
    }

    /// The request of that id.
    pub(super) fn get(&self, id: RequestId) -> Option<&Waiting> {
        self.lines.iter().flatten().find(|waiting| waiting.request.id == id)
    }

    /// The request of that id, to be changed.
    pub(super) fn get_mut(&mut self, id: RequestId) -> Option<&mut Waiting> {
        self.lines.iter_mut().flatten().find(|waiting| waiting.request.id == id)
    }

    /// Removes the requests whose deadline has come, and appends them to `changes`.
    pub(super) fn expire(&mut self, now: Duration, changes: &mut Vec<Change>) {
        if self.expiry.is_none_or(|expiry| now < expiry) {
            return;
        }
        let before = changes.len();
        let over = |time: Option<Duration>| time.is_some_and(|time| time <= now);
        for line in &mut self.lines {
            line.retain(|Waiting { request, .. }| {
                let end = match request {
                    _ if over(request.finish_by) => End::RunDeadline,
                    _ if over(request.admit_by) => End::QueueDeadline,
                    _ => return true,
                };
                changes.push(Change::Ended { id: request.id, end });
                false
            });
        }
        for _ in before..changes.len() {
            self.left(now);
        }
        self.expiry = self.lines.iter().flatten().filter_map(Waiting::expiry).min();
    }

    fn line(&self, line: Line) -> &VecDeque<Waiting> {
        &self.lines[line as usize]
    }

    fn note_expiry(&mut self, waiting: &Waiting) {
        self.expiry = self.expiry.into_iter().chain(waiting.expiry()).min();
    }

    /// Records that a request left the queue. Cancelled ones don't count: nobody can tell when the next cancel comes.
    fn left(&mut self, now: Duration) {
        if self.departures.len() == RECENT {
            self.departures.pop_front();
        }
        self.departures.push_back(now);
    }

    /// The time between two departures, by the recent ones. It grows while nothing leaves.
    pub(super) fn time_to_leave(&self, now: Duration) -> Duration {
        let first = self.departures.front();
        first.map_or(FIRST_HINT, |first| now.saturating_sub(*first) / self.departures.len() as u32)
    }
}

impl Waiting {
    fn expiry(&self) -> Option<Duration> {
        self.request.admit_by.into_iter().chain(self.request.finish_by).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn queue(waiting: usize) -> Queue {
        let zero = Duration::ZERO;
        let (slots, context, few_rows, bulk_tokens, budget, steps_in_flight) = (1, 10, 1, 1, 1, 1);
        let (window, patience) = (zero, ms(100));
        Queue::new(&Limits {
            slots,
            context,
            waiting,
            few_rows,
            bulk_tokens,
            budget,
            steps_in_flight,
            window,
            patience,
        })
    }

    fn request(id: u64, priority: Priority) -> Request {
        Request {
            id: RequestId(id),
            priority,
            tokens: vec![0],
            most_tokens: 1,
            tokens_in_flight: 1,
            stepwise: false,
            admit_by: None,
            finish_by: None,
        }
    }

    fn take(queue: &mut Queue, now: u64) -> Option<u64> {
        queue.take(ms(now), |_| Some(())).map(|(waiting, ())| waiting.request.id.0)
    }

    #[test]
    fn interactive_requests_go_first_and_background_ones_in_time() {
        let mut queue = queue(100);
        let (interactive, background) = (Priority::Interactive, Priority::Background);
        let arrivals = [(0, background), (1, background), (2, background), (50, interactive), (101, interactive)];
        for (time, priority) in arrivals.into_iter().chain([(102, interactive), (103, interactive)]) {
            queue.push(ms(time), request(time, priority)).expect("there is room");
        }
        assert!(queue.take(ms(110), |_| None::<()>).is_none(), "nothing leaves without a slot");
        assert_eq!([0; 6].map(|_| take(&mut queue, 110)), [50, 0, 101, 1, 102, 2].map(Some));
        let mut last = queue.take(ms(110), |_| Some(())).expect("one waits").0;
        assert_eq!(last.request.id, RequestId(103));
        queue.push(ms(3), request(3, interactive)).expect("there is room");
        last.request.priority = background;
        queue.put_back(last);
        assert_eq!([0; 3].map(|_| take(&mut queue, 110)), [Some(103), Some(3), None]);
    }

    #[test]
    fn a_full_queue_says_when_a_place_is_likely_to_be_free() {
        let mut queue = queue(2);
        let push = |queue: &mut Queue, now| queue.push(ms(now), request(now, Priority::Interactive));
        assert_eq!([push(&mut queue, 0), push(&mut queue, 1)], [Ok(()), Ok(())]);
        assert_eq!(push(&mut queue, 2), Err(FIRST_HINT));
        for now in (10..1000).step_by(10) {
            assert!(take(&mut queue, now).is_some());
            assert_eq!(push(&mut queue, now), Ok(()));
        }
        assert_eq!(push(&mut queue, 1000), Err(ms(10)));
        assert!(push(&mut queue, 5000) > Err(ms(100)), "nothing has left for long");
        assert!(queue.cancel(RequestId(990)) && !queue.cancel(RequestId(990)));
        assert_eq!((push(&mut queue, 5000), queue.len()), (Ok(()), 2));
    }

    #[test]
    fn requests_expire_at_their_deadlines() {
        let mut queue = queue(10);
        let times = [(Some(10), None), (Some(40), Some(20)), (None, Some(30)), (None, None), (Some(50), Some(60))];
        for (id, (admit_by, finish_by)) in times.into_iter().enumerate() {
            let (admit_by, finish_by) = (admit_by.map(ms), finish_by.map(ms));
            let request = Request { admit_by, finish_by, ..request(id as u64, Priority::Interactive) };
            queue.push(ms(0), request).expect("there is room");
        }
        let mut changes = Vec::new();
        for (now, expiry) in [(9, Some(10)), (10, Some(20)), (30, Some(50)), (50, None)] {
            queue.expire(ms(now), &mut changes);
            assert_eq!(queue.expiry(), expiry.map(ms));
        }
        let run = End::RunDeadline;
        let expected = [(0, End::QueueDeadline), (1, run), (2, run), (4, End::QueueDeadline)];
        assert_eq!(changes, expected.map(|(id, end)| Change::Ended { id: RequestId(id), end }));
        assert_eq!(take(&mut queue, 60), Some(3));
    }
}
