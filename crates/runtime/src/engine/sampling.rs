//! How a sequence's next token is sampled: a request's options as the kernels take them.

use std::sync::{Arc, Mutex, PoisonError};

use wgslm_shaders::{Bias, Logprobs, Output, Sample, random};
use wgslm_text::Tokenizer;

use super::{GenerateOptions, Inner, TokenLogprobs};

/// The parameters by which a sequence's next tokens are sampled.
pub(super) struct Sampling {
    /// An output with all that doesn't change from token to token.
    output: Output,
    /// The probability that XTC applies to a token.
    xtc_probability: f32,
    biases: Vec<Bias>,
    /// A bit for each token at which DRY's repetitions end, where it is on.
    breakers: Option<Arc<[u32]>>,
}

impl Sampling {
    /// The parameters of a request's options. What narrows down draws is off where the most likely token is taken, since it would only
    /// cost time.
    pub(super) fn new(options: &GenerateOptions) -> Self {
        let inverse = 1.0 / options.temperature;
        let draws = inverse.is_finite() && options.top_p > 0.0;
        let biases = options.biases();
        // Off is 0 on the device.
        let on = |value: f32| value.max(f32::MIN_POSITIVE);
        let (dry_last_n, dry_most_length) = (options.dry_last_n, most_length(options));
        let adjusted = Output {
            seed: options.folded_seed(),
            repetition_penalty: options.repetition_penalty,
            frequency_penalty: options.frequency_penalty,
            presence_penalty: options.presence_penalty,
            penalty_last_n: options.penalty_last_n,
            dry_multiplier: options.dry_multiplier,
            dry_base: options.dry_base,
            dry_allowed_length: options.dry_allowed_length,
            dry_most_length,
            dry_last_n,
            biases: biases.len() as u32,
            alternatives: options.logprobs.map_or(0, |alternatives| alternatives + 1),
            ..Output::default()
        };
        let drawn = Output {
            inverse_temperature: inverse,
            top_k: options.top_k,
            typical_p: on(options.typical_p),
            top_p: options.top_p,
            min_p: options.min_p,
            xtc_threshold: if options.xtc_threshold > 0.5 { 0.0 } else { on(options.xtc_threshold) },
            ..adjusted
        };
        let output = if draws { drawn } else { adjusted };
        Self { output, xtc_probability: options.xtc_probability, biases, breakers: None }
    }

    /// The same, with the tokens at which DRY's repetitions end.
    pub(super) fn with_breakers(self, breakers: Option<Arc<[u32]>>) -> Self {
        Self { breakers, ..self }
    }

    /// The output that samples the token at `position` from the logits of the step's token of index `token`, for `slot`.
    pub(super) fn output(&self, token: u32, slot: u32, position: u32) -> Output {
        // No token has this index, so the draw is none of those that choose tokens.
        let drawn = f64::from(random(self.output.seed, position, u32::MAX)) / 4_294_967_296.0;
        let xtc_threshold = if drawn < f64::from(self.xtc_probability) { self.output.xtc_threshold } else { 0.0 };
        Output { token, sampled: slot, slot, position, xtc_threshold, ..self.output }
    }

    /// The log-probabilities that were asked for.
    pub(super) fn logprobs(&self, logprobs: &Logprobs, vocabulary: u32) -> Option<TokenLogprobs> {
        let alternatives = self.output.alternatives.checked_sub(1)?.min(vocabulary);
        let alternatives = logprobs.alternatives.iter().take(alternatives as usize);
        let alternatives = alternatives.map(|alternative| (alternative.token, alternative.logprob)).collect();
        Some(TokenLogprobs { logprob: logprobs.chosen, alternatives })
    }
}

/// The length from which on the penalty of a repetition is the same. llama.cpp bounds exponents where powers leave f32; a penalty of
/// 1e30 is as final, and leaves room for a multiplier.
fn most_length(options: &GenerateOptions) -> u32 {
    /// ln(1e30).
    const LOG_MAX: f32 = 69.077_55;
    let most = if options.dry_base > 1.000_001 { (LOG_MAX / options.dry_base.ln()) as u32 } else { Output::HISTORY };
    options.dry_allowed_length.saturating_add(most).min(Output::HISTORY)
}

impl Inner {
    /// A request's sampling. Takes long where its sequence breakers aren't those of the request before.
    pub(super) fn sampling(&self, options: &GenerateOptions) -> Sampling {
        let model = &self.model;
        let breakers = self.breakers.of(model.tokenizer().ok().map(Arc::as_ref), model.spec.vocabulary, options);
        Sampling::new(options).with_breakers(breakers)
    }

    /// Writes what sampling for a slot reads besides logits and tokens: its biases, and the tokens at which repetitions end.
    pub(super) fn write_sampling(&self, slot: u32, sampling: &Sampling) {
        let (gpu, workspace) = (self.device.gpu(), &self.workspace);
        if !sampling.biases.is_empty() {
            gpu.write(&workspace.biases, row(slot, 2 * Output::BIASES), bytemuck::cast_slice(&sampling.biases));
        }
        if let Some(breakers) = &sampling.breakers {
            gpu.write(&workspace.breakers, row(slot, breakers.len() as u32), bytemuck::cast_slice(breakers));
        }
    }

    /// Writes the last of a slot's tokens, which are those known and drafts after them, where sampling looks back at them. Those to come
    /// are appended on the device.
    pub(super) fn write_history(&self, slot: u32, sampling: &Sampling, (known, drafts): (&[u32], &[u32])) {
        if !sampling.output.penalises() && !sampling.output.has_dry() {
            return;
        }
        let tokens = [known, drafts].concat();
        let first = tokens.len().saturating_sub(Output::HISTORY as usize);
        for (place, tokens) in in_ring(first, &tokens[first..]) {
            let offset = row(slot, Output::HISTORY) + place as u64 * 4;
            self.device.gpu().write(&self.workspace.history, offset, bytemuck::cast_slice(tokens));
        }
    }

    /// Writes the tokens that an output may choose from, a bit each, to its row of the masks; those that the model never samples are left
    /// out.
    pub(super) fn write_mask(&self, output: u32, mask: &[u32]) {
        let words: Vec<u32> = self.allowed.iter().zip(mask).map(|(allowed, mask)| allowed & mask).collect();
        let offset = row(output + 1, words.len() as u32);
        self.device.gpu().write(&self.workspace.masks, offset, bytemuck::cast_slice(&words));
    }
}

/// The first byte of a row of so many words.
fn row(row: u32, words: u32) -> u64 {
    u64::from(row) * u64::from(words) * 4
}

/// The places in a ring of the tokens from position `first` on: up to its end, and from its beginning on.
fn in_ring(first: usize, tokens: &[u32]) -> [(usize, &[u32]); 2] {
    let place = first % Output::HISTORY as usize;
    let (before, after) = tokens.split_at(tokens.len().min(Output::HISTORY as usize - place));
    [(place, before), (0, after)]
}

/// The tokens at which repetitions end, of the last request that asked: most have the same texts.
#[derive(Default)]
pub(super) struct Breakers {
    last: Mutex<Option<Known>>,
}

/// Sequence breakers, and a bit for each token whose text contains one.
struct Known {
    texts: Vec<String>,
    words: Arc<[u32]>,
}

impl Breakers {
    /// A bit for each token whose text contains one of the options' sequence breakers; `None` where nobody asks.
    fn of(&self, tokenizer: Option<&Tokenizer>, vocabulary: u32, options: &GenerateOptions) -> Option<Arc<[u32]>> {
        if options.dry_multiplier == 0.0 {
            return None;
        }
        let texts = &options.dry_sequence_breakers;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|known| known.texts == *texts) {
            return Some(Arc::clone(&known.words));
        }
        let mut words = vec![0u32; Sample::mask_words(vocabulary) as usize];
        if let Some(tokenizer) = tokenizer {
            let mut detokenizer = tokenizer.detokenizer();
            for token in 0..vocabulary.min(tokenizer.vocabulary_size() as u32) {
                let text = detokenizer.push(token) + &detokenizer.finish();
                if texts.iter().any(|breaker| text.contains(breaker)) {
                    words[token as usize / 32] |= 1 << (token % 32);
                }
            }
        }
        let words: Arc<[u32]> = words.into();
        *last = Some(Known { texts: texts.clone(), words: Arc::clone(&words) });
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_lie_in_the_ring_by_their_position() {
        let ring = Output::HISTORY as usize;
        let tokens: Vec<u32> = (0..ring as u32).collect();
        for (first, count) in
            [(0, 0), (0, 5), (ring - 2, 2), (ring - 2, 5), (3 * ring + 7, ring), (ring, ring), (5, ring)]
        {
            let mut history = vec![u32::MAX; ring];
            for (place, tokens) in in_ring(first, &tokens[..count]) {
                history[place..place + tokens.len()].copy_from_slice(tokens);
            }
            assert!((0..count).all(|i| history[(first + i) % ring] == i as u32), "{count} from {first} on");
            assert_eq!(history.iter().filter(|token| **token != u32::MAX).count(), count);
        }
    }

    #[test]
    fn what_is_off_asks_for_nothing_on_the_device() {
        let asks = |options: &GenerateOptions| {
            let output = Sampling::new(options).output(0, 0, 9);
            [output.adjusts(), output.truncates(), output.has_typical_p(), output.has_xtc(), output.wants_logprobs()]
        };
        let hot = GenerateOptions { temperature: 1.0, ..GenerateOptions::default() };
        let narrow = GenerateOptions { top_k: 4, typical_p: 0.5, xtc_probability: 1.0, ..hot.clone() };
        let cold = GenerateOptions { temperature: 0.0, ..narrow.clone() };
        for (options, expected) in [
            (GenerateOptions::default(), [false; 5]),
            (hot.clone(), [false; 5]),
            (narrow.clone(), [false, true, true, true, false]),
            (cold, [false; 5]),
            (GenerateOptions { top_p: 0.0, ..narrow }, [false; 5]),
            (GenerateOptions { xtc_probability: 1.0, xtc_threshold: 0.6, ..hot.clone() }, [false; 5]),
            (GenerateOptions { typical_p: 0.0, ..hot.clone() }, [false, true, true, false, false]),
            (GenerateOptions { presence_penalty: 1.0, penalty_last_n: 0, ..hot.clone() }, [false; 5]),
            (GenerateOptions { presence_penalty: 1.0, ..hot.clone() }, [true, false, false, false, false]),
            (GenerateOptions { dry_multiplier: 1.0, dry_allowed_length: 5000, ..hot.clone() }, [false; 5]),
            (GenerateOptions { suppress_tokens: vec![3], ..hot.clone() }, [true, false, false, false, false]),
            (GenerateOptions { logprobs: Some(0), ..hot }, [false, false, false, false, true]),
        ] {
            assert_eq!(asks(&options), expected, "{options:?}");
        }
    }
}
