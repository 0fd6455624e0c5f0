//! The arguments that say how tokens are chosen, with llama.cpp's names where it has them.

use clap::{Args, value_parser};
use wgslm::engine::{GenerateOptions, SamplingRange};

use crate::arguments::element;

/// The values of arguments that count last tokens.
const HISTORY: std::ops::RangeInclusive<i64> = 0..=GenerateOptions::MOST_HISTORY as i64;

/// Sampling options.
#[derive(Args, Clone, Debug)]
pub(crate) struct SamplingArguments {
    /// The sampling temperature: 0 always takes the most likely token, higher values draw less likely tokens more often
    #[arg(long, value_name = "T", default_value_t = 0.0, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::TEMPERATURE))]
    pub(crate) temperature: f32,
    /// Draw from the K most likely tokens only; 0 is off. Top-k, typical-p, top-p, min-p and XTC are applied in this order, before the
    /// temperature, and have no effect at temperature 0
    #[arg(long, value_name = "K", default_value_t = 0, allow_hyphen_values = true)]
    pub(crate) top_k: u32,
    /// Draw from the tokens nearest to the expected logit whose probabilities add up to at least P; 1 is off
    #[arg(long, value_name = "P", default_value_t = 1.0, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::TYPICAL_P))]
    pub(crate) typical_p: f32,
    /// Draw from the smallest set of most likely tokens whose probabilities add up to at least P; 1 is off, 0 always takes the
    /// most likely token
    #[arg(long, value_name = "P", default_value_t = 1.0, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::TOP_P))]
    pub(crate) top_p: f32,
    /// Draw from the tokens whose probability is at least P times that of the most likely token; 0 is off
    #[arg(long, value_name = "P", default_value_t = 0.0, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::MIN_P))]
    pub(crate) min_p: f32,
    /// The probability with which XTC leaves out all but the least likely of the tokens that --xtc-threshold names; 0 is off
    #[arg(long, value_name = "P", default_value_t = 0.0, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::XTC_PROBABILITY))]
    xtc_probability: f32,
    /// The probability from which XTC leaves out a token; off above 0.5
    #[arg(long, value_name = "P", default_value_t = 0.1, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::XTC_THRESHOLD))]
    xtc_threshold: f32,
    /// Divide the positive logits of the last tokens by R, and multiply the negative ones; 1 is off
    #[arg(long, value_name = "R", default_value_t = 1.0, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::REPETITION_PENALTY))]
    repeat_penalty: f32,
    /// Subtract R from a token's logit for each time that it is among the last tokens; 0 is off
    #[arg(long, value_name = "R", default_value_t = 0.0, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::FREQUENCY_PENALTY))]
    frequency_penalty: f32,
    /// Subtract R from a token's logit if it is among the last tokens; 0 is off
    #[arg(long, value_name = "R", default_value_t = 0.0, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::PRESENCE_PENALTY))]
    presence_penalty: f32,
    /// The last tokens, prompt included, that these three penalties look at; at most 2048, 0 is off
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u32).range(HISTORY))]
    repeat_last_n: u32,
    /// DRY: subtract M * B^(n - L) from the logit of a token that would continue a repetition of n tokens, L or more; 0 is off
    #[arg(long, value_name = "M", default_value_t = 0.0, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::DRY_MULTIPLIER))]
    dry_multiplier: f32,
    /// The base of DRY's penalty
    #[arg(long, value_name = "B", default_value_t = 1.75, allow_hyphen_values = true,
          value_parser = |text: &str| number(text, SamplingRange::DRY_BASE))]
    dry_base: f32,
    /// The length of the shortest repetition that DRY penalises the continuation of
    #[arg(long, value_name = "L", default_value_t = 2)]
    dry_allowed_length: u32,
    /// The last tokens that DRY looks at; at most 2048
    #[arg(long, value_name = "N", default_value_t = GenerateOptions::MOST_HISTORY, value_parser = value_parser!(u32).range(HISTORY))]
    dry_penalty_last_n: u32,
    /// A text at which DRY's repetitions end; may be given several times, and none is for no such text [default: a new line, : \" and *]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    dry_sequence_breaker: Vec<String>,
    /// Add VALUE to the logit of the token with this id; -inf leaves it out. May be given several times
    #[arg(long, value_name = "TOKEN=VALUE", value_parser = bias)]
    logit_bias: Vec<(u32, f32)>,
    /// The ids of tokens that are never chosen, separated by commas
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = element)]
    suppress_tokens: Vec<u32>,
}

impl SamplingArguments {
    /// The engine's options for generating with these sampling options.
    pub(crate) fn options(&self) -> GenerateOptions {
        let default = GenerateOptions::default();
        GenerateOptions {
            temperature: self.temperature,
            top_k: self.top_k,
            typical_p: self.typical_p,
            top_p: self.top_p,
            min_p: self.min_p,
            xtc_probability: self.xtc_probability,
            xtc_threshold: self.xtc_threshold,
            repetition_penalty: self.repeat_penalty,
            frequency_penalty: self.frequency_penalty,
            presence_penalty: self.presence_penalty,
            penalty_last_n: self.repeat_last_n,
            dry_multiplier: self.dry_multiplier,
            dry_base: self.dry_base,
            dry_allowed_length: self.dry_allowed_length,
            dry_last_n: self.dry_penalty_last_n,
            dry_sequence_breakers: match self.dry_sequence_breaker.as_slice() {
                [] => default.dry_sequence_breakers,
                texts => texts.iter().filter(|text| *text != "none").cloned().collect(),
            },
            logit_bias: self.logit_bias.clone(),
            suppress_tokens: self.suppress_tokens.clone(),
            ..default
        }
    }
}

/// Parses a token's id and its bias.
fn bias(text: &str) -> Result<(u32, f32), String> {
    let (token, value) = text.split_once('=').ok_or("it should be a token's id, = and a number, such as 15043=-1.5")?;
    Ok((element(token)?, number(value, SamplingRange::LOGIT_BIAS)?))
}

fn number(text: &str, range: SamplingRange) -> Result<f32, String> {
    let value = text.parse().ok().filter(|value| range.holds(*value));
    value.ok_or_else(|| format!("it should be a number, {}", range.expected))
}
