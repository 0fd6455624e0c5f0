//! The gain of drafts: when they are tried, how many at a time, and when they are given up.
//!
//! A sequence that runs ahead of its readback never waits, and one that tries drafts waits for each step. So drafts are tried once
//! predictions have come true for a while at no cost, each trial is timed against the pace before, and trials that lost time make the
//! next one come later.

use std::time::Duration;

/// Drafts in the first step of a trial.
const FIRST_DRAFTS: usize = 7;
/// The most drafts in a step: with the token before them, 16 rows.
const MOST_DRAFTS: usize = 15;
/// Tokens that run ahead and are timed before the first trial.
const TIMED_TOKENS: u32 = 4;
/// Steps of a trial after which it has to have gained time.
const FAIR_STEPS: u32 = 4;
/// The weight of a new interval in the mean.
const WEIGHT: f64 = 0.125;

/// A record of the pace with and without drafts.
#[derive(Debug)]
pub(super) struct Gain {
    /// Right predictions in a row after which a trial begins.
    needed: u32,
    /// The least and the most of them.
    bounds: (u32, u32),
    /// Right predictions in a row so far.
    right: u32,
    /// Drafts in the next step.
    drafts: usize,
    /// The mean seconds for a token without drafts, and the intervals in it.
    ahead: f64,
    timed: u32,
    /// The time at which the last token came.
    last: Option<Duration>,
    trial: Option<Trial>,
}

#[derive(Debug)]
struct Trial {
    began: Duration,
    tokens: u32,
    steps: u32,
    /// It is over, and the pace has to pick up again: that time counts too.
    ended: bool,
}

impl Gain {
    /// A record without any trial, in which the first one begins after `needed` right predictions in a row and later ones after at most
    /// `most`.
    pub(super) fn new(needed: u32, most: u32) -> Self {
        Self {
            needed,
            bounds: (needed, most),
            right: 0,
            drafts: FIRST_DRAFTS,
            ahead: 0.0,
            timed: 0,
            last: None,
            trial: None,
        }
    }

    /// Drafts to ask for in the next step of a trial.
    pub(super) fn drafts(&self) -> usize {
        self.drafts
    }

    /// True while a trial is under way.
    pub(super) fn tries(&self) -> bool {
        self.trial.as_ref().is_some_and(|trial| !trial.ended)
    }

    /// Records `tokens` tokens that came without drafts, and whether predictions of them were right.
    pub(super) fn ahead(&mut self, at: Duration, tokens: u32, right: bool) {
        self.right = if right { self.right + tokens } else { 0 };
        let since = self.last.replace(at).map(|last| at.saturating_sub(last));
        match &mut self.trial {
            None => {
                if let Some(since) = since {
                    self.timed += 1;
                    let weight = WEIGHT.max(1.0 / f64::from(self.timed));
                    self.ahead += weight * (since.as_secs_f64() / f64::from(tokens.max(1)) - self.ahead);
                }
            }
            // The tokens that were in flight when the trial began.
            Some(trial) if !trial.ended => trial.tokens += tokens,
            Some(trial) => {
                trial.tokens += tokens;
                self.needed = if self.has_gained() { self.needed / 2 } else { self.needed * 2 };
                self.needed = self.needed.clamp(self.bounds.0, self.bounds.1);
                self.trial = None;
                self.right = 0;
            }
        }
    }

    /// True where a trial should begin.
    pub(super) fn is_due(&self) -> bool {
        self.trial.is_none() && self.timed >= TIMED_TOKENS && self.right >= self.needed
    }

    /// Begins a trial.
    pub(super) fn begin(&mut self) {
        let began = self.last.unwrap_or_default();
        self.trial = Some(Trial { began, tokens: 0, steps: 0, ended: false });
        self.drafts = FIRST_DRAFTS;
    }

    /// Records a step that tried `drafts` drafts, of which `accepted` were right.
    pub(super) fn tried(&mut self, at: Duration, drafts: usize, accepted: usize) {
        self.last = Some(at);
        self.drafts = if accepted == drafts { (drafts * 2).clamp(FIRST_DRAFTS, MOST_DRAFTS) } else { accepted + 2 };
        let Some(trial) = &mut self.trial else { return };
        trial.tokens += accepted as u32 + 1;
        trial.steps += 1;
        let fails = accepted * 2 < drafts;
        if fails || (self.trial.as_ref().is_some_and(|trial| trial.steps >= FAIR_STEPS) && !self.has_gained()) {
            self.end();
        }
    }

    /// Ends the trial: what comes next is better not drafted.
    pub(super) fn end(&mut self) {
        self.right = 0;
        if let Some(trial) = &mut self.trial {
            trial.ended = true;
        }
    }

    /// The trial was faster so far than the pace before.
    fn has_gained(&self) -> bool {
        let (Some(trial), Some(last)) = (&self.trial, self.last) else { return false };
        last.saturating_sub(trial.began).as_secs_f64() < self.ahead * f64::from(trial.tokens)
    }
}
