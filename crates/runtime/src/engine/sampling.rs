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
        Self { output, xtc_probability: options.xtc_probability, biases }
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

/// The length from which on the penalty of a repetition is the same: where `dry_base` to its power leaves f32's range.
fn most_length(options: &GenerateOptions) -> u32 {
    /// ln(f32::MAX), as llama.cpp bounds exponents.
    const LOG_MAX: f32 = 88.722_839;
    let most = if options.dry_base > 1.000_001 { (LOG_MAX / options.dry_base.ln()) as u32 } else { Output::HISTORY };
    options.dry_allowed_length.saturating_add(most).min(Output::HISTORY)
}

impl Inner {
    /// Writes what sampling for a slot reads besides logits and history: its biases, and the tokens at which repetitions end.
    pub(super) fn write_sampling(&self, slot: u32, sampling: &Sampling, breakers: Option<&[u32]>) {
        let (gpu, workspace) = (self.device.gpu(), &self.workspace);
        let row = |words: usize| u64::from(slot) * words as u64 * 4;
        if !sampling.biases.is_empty() {
            gpu.write(&workspace.biases, row(2 * Output::BIASES as usize), bytemuck::cast_slice(&sampling.biases));
        }
        if let Some(breakers) = breakers {
            gpu.write(&workspace.breakers, row(breakers.len()), bytemuck::cast_slice(breakers));
        }
    }

    /// Writes the last of a slot's tokens where sampling looks back at them. Those to come are appended on the device.
    pub(super) fn write_history(&self, slot: u32, sampling: &Sampling, tokens: &[u32]) {
        if !sampling.output.penalises() && !sampling.output.has_dry() {
            return;
        }
        let ring = Output::HISTORY as usize;
        let row = u64::from(slot) * ring as u64 * 4;
        let first = tokens.len().saturating_sub(ring);
        // The part up to the ring's end, and the part from its beginning on.
        let (before, after) = tokens[first..].split_at((tokens.len() - first).min(ring - first % ring));
        for (place, tokens) in [(first % ring, before), (0, after)] {
            self.device.gpu().write(&self.workspace.history, row + place as u64 * 4, bytemuck::cast_slice(tokens));
        }
    }

    /// Writes the tokens that an output may choose from, a bit each, to its row of the masks; those that the model never samples are left
    /// out.
    #[expect(dead_code, reason = "constrained requests come later")]
    pub(super) fn write_mask(&self, output: u32, mask: &[u32]) {
        let words: Vec<u32> = self.allowed.iter().zip(mask).map(|(allowed, mask)| allowed & mask).collect();
        let row = u64::from(output + 1) * self.allowed.len() as u64 * 4;
        self.device.gpu().write(&self.workspace.masks, row, bytemuck::cast_slice(&words));
    }
}

/// The tokens of the texts at which repetitions end, of the request before: most have the same ones.
#[derive(Default)]
pub(super) struct Breakers {
    last: Mutex<Option<(Vec<String>, Arc<[u32]>)>>,
}

impl Breakers {
    /// A bit for each token whose text contains one of the options' sequence breakers; `None` where nobody asks.
    pub(super) fn of(
        &self,
        tokenizer: Option<&Tokenizer>,
        vocabulary: u32,
        options: &GenerateOptions,
    ) -> Option<Arc<[u32]>> {
        if options.dry_multiplier == 0.0 {
            return None;
        }
        let texts = &options.dry_sequence_breakers;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, breakers)) = last.as_ref().filter(|(known, _)| known == texts) {
            return Some(Arc::clone(breakers));
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
        let breakers: Arc<[u32]> = words.into();
        *last = Some((texts.clone(), Arc::clone(&breakers)));
        Some(breakers)
    }
}
