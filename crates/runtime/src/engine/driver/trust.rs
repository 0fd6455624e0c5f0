//! Trust that an answer keeps to its grammar by itself.
//!
//! A token that was sampled without the grammar's mask counts where the grammar allows it. Without truncation it is the one that would have
//! been sampled among the allowed ones, since a draw takes the largest of all logits with their noise; with truncation it is defined so
//! (`refuse.wgsl`). So steps may run ahead of their readback without a mask. A token that the grammar refuses is sampled again with one,
//! and what ran ahead of it is lost.

/// Tokens that are sampled with a mask after the first refusal, and the most after a later one.
const FIRST: u32 = 1;
const MOST: u32 = 64;
/// Tokens without refusal after which a refusal costs half as many.
const CALM: u32 = 32;

/// When steps run ahead without a mask.
#[derive(Debug)]
pub(super) struct Trust {
    /// Tokens that are still sampled with a mask.
    masked: u32,
    /// Those after the next refusal.
    penalty: u32,
    /// Tokens since the last refusal.
    calm: u32,
}

impl Trust {
    /// The trust in an answer that hasn't begun: its first token has a mask.
    pub(super) fn new() -> Self {
        Self { masked: FIRST, penalty: FIRST, calm: 0 }
    }

    /// Steps may run ahead.
    pub(super) fn runs_ahead(&self) -> bool {
        self.masked == 0
    }

    /// Records a token that the grammar allowed.
    pub(super) fn followed(&mut self) {
        self.masked = self.masked.saturating_sub(1);
        self.calm += 1;
        if self.calm.is_multiple_of(CALM) {
            self.penalty = (self.penalty / 2).max(FIRST);
        }
    }

    /// Records a token that the grammar refused.
    pub(super) fn refused(&mut self) {
        self.masked = self.penalty;
        self.penalty = (self.penalty * 2).min(MOST);
        self.calm = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Trust;

    #[test]
    fn answers_that_are_often_refused_are_masked_for_longer() {
        let mut trust = Trust::new();
        let masked = |trust: &mut Trust| std::mem::take(&mut trust.masked);
        assert_eq!(masked(&mut trust), 1);
        let mut lengths = Vec::new();
        for _ in 0..8 {
            trust.refused();
            lengths.push(masked(&mut trust));
        }
        assert_eq!(lengths, [1, 2, 4, 8, 16, 32, 64, 64]);
        (0..32 * 6).for_each(|_| trust.followed());
        trust.refused();
        assert_eq!(masked(&mut trust), 1);
    }
}
