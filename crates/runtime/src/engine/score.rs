//! Scores: the probabilities that a model gives to a text that is there already.

use super::Engine;
use crate::{Error, Result};

impl Engine {
    /// The natural logarithms of the probabilities of `tokens` from the index `first` on, each given all tokens before it: softmax of the
    /// logits at temperature 1, as [`Self::logits_from`] computes them. The very first token has none before it and no score, so 0 means
    /// 1. Their sum scores the text as a continuation of its first tokens.
    ///
    /// # Errors
    /// As [`Self::logits`], and [`Error::NotFinite`].
    pub async fn score(&self, tokens: &[u32], first: usize) -> Result<Vec<f32>> {
        let first = first.max(1);
        if first >= tokens.len() && !tokens.is_empty() {
            return Ok(Vec::new());
        }
        let before_last = &tokens[..tokens.len().saturating_sub(1)];
        super::check_vocabulary(&self.inner, tokens)?;
        let mut scores = Vec::with_capacity(tokens.len() - tokens.len().min(first));
        let each = |position: usize, logits: &[f32]| {
            let score = log_softmax(logits, tokens[position + 1] as usize);
            if !score.is_finite() {
                return Err(Error::NotFinite { position: position as u32 + 1 });
            }
            scores.push(score as f32);
            Ok(())
        };
        self.logits_from(before_last, first - 1, each).await?;
        Ok(scores)
    }
}

/// The logarithm of the softmax of `logits` at `index`; NaN where one of them is NaN.
fn log_softmax(logits: &[f32], index: usize) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|logit| (f64::from(*logit) - largest).exp()).sum();
    f64::from(logits[index]) - largest - sum.ln()
}

#[cfg(test)]
mod tests {
    use super::log_softmax;

    #[test]
    fn probabilities_add_up_to_one() {
        let logits = [1.0, -2.0, 1e4, 9_999.0, 0.0];
        let all: f64 = (0..logits.len()).map(|index| log_softmax(&logits, index).exp()).sum();
        assert!((all - 1.0).abs() < 1e-12, "{all}");
        // Two tokens that differ by 1, and others of no weight.
        let expected = -(1.0 + (-1.0_f64).exp()).ln();
        assert!((log_softmax(&logits, 2) - expected).abs() < 1e-12);
        assert!(log_softmax(&[0.0, f32::NAN], 0).is_nan());
    }
}
