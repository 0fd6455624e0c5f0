//! Requests in bursts, of all sizes.

use std::time::Duration;

use wgslm_testing::random::Random;

use super::super::{Limits, Priority, Request, RequestId};

/// A number of requests, and their rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) requests: usize,
    /// The mean time between bursts, in milliseconds.
    pub(super) gap: usize,
}

/// A request to be, and what becomes of it if nothing else does.
pub(super) struct Planned {
    pub(super) request: Request,
    /// The tokens after which the answer stops by itself.
    pub(super) stops_after: u32,
    /// The time after its arrival at which its caller loses interest.
    pub(super) cancelled_after: Option<Duration>,
    /// The tokens of its prompt that are cached.
    pub(super) cached: u32,
    /// It goes step by step at times, and ahead at others.
    pub(super) changes_pace: bool,
}

impl Load {
    /// The times until the requests of the next burst arrive.
    pub(super) fn burst(self, random: &mut Random) -> Vec<Duration> {
        let gap = random.below(2000 * self.gap + 1);
        let requests = if random.below(4) == 0 { 2 + random.below(24) } else { 1 };
        (0..requests).map(|_| Duration::from_micros((gap + random.below(3000)) as u64)).collect()
    }
}

/// The next request, which arrives at `now`.
pub(super) fn planned(id: RequestId, now: Duration, limits: &Limits, random: &mut Random) -> Planned {
    let percent = |random: &mut Random, share| random.below(100) < share;
    let within = |random: &mut Random, range: [usize; 2]| range[0] + random.below(range[1] - range[0]);
    let lengths = match random.below(100) {
        0..60 => [1, 33],
        60..90 => [33, 400],
        90..99 => [400, 3000],
        _ => [3000, limits.context as usize + 100],
    };
    let prompt = within(random, lengths);
    let answers = if percent(random, 3) { [200, 1000] } else { [1, 60] };
    let later = |random: &mut Random, share, range: [usize; 2]| {
        percent(random, share).then(|| Duration::from_millis(within(random, range) as u64))
    };
    let request = Request {
        id,
        priority: if percent(random, 30) { Priority::Background } else { Priority::Interactive },
        tokens: vec![0; prompt],
        most_tokens: within(random, answers) as u32,
        tokens_in_flight: random.choose(&[1, 2, 3, 3, 3, 8]),
        stepwise: percent(random, 10),
        admit_by: later(random, 10, [10, 1000]).map(|time| now + time),
        finish_by: later(random, 10, [50, 3000]).map(|time| now + time),
    };
    Planned {
        request,
        stops_after: within(random, [1, 100]) as u32,
        cancelled_after: later(random, 10, [0, 500]),
        cached: if percent(random, 40) { random.below(prompt) as u32 } else { 0 },
        changes_pace: percent(random, 10),
    }
}
