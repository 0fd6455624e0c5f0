//! Fields of requests for text that say how its tokens are sampled: OpenAI's, and those that llama-server and vLLM have besides.

use std::collections::BTreeMap;

use serde::Deserialize;
use wgslm::engine::{GenerateOptions, Speculation};

use crate::api_error::{ApiError, ApiResult};

/// The most answers to a prompt, as with OpenAI's servers.
const MOST_ANSWERS: u32 = 128;

/// The fields. What OpenAI's API has besides is accepted and has no effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SamplingFields {
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    min_p: Option<f32>,
    typical_p: Option<f32>,
    seed: Option<i64>,
    stop: Option<Stop>,
    frequency_penalty: Option<f32>,
    presence_penalty: Option<f32>,
    #[serde(alias = "repeat_penalty")]
    repetition_penalty: Option<f32>,
    logit_bias: Option<BTreeMap<String, f32>>,
    n: Option<u32>,
    speculation: Option<SpeculationField>,
}

/// Texts that end an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "stop should be a string or an array of strings")]
enum Stop {
    One(String),
    Several(Vec<String>),
}

/// The source of drafts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SpeculationField {
    Off,
    Lookup,
}

impl SamplingFields {
    /// The number of answers.
    ///
    /// # Errors
    /// One that names `n`.
    pub(crate) fn answers(&self) -> ApiResult<u32> {
        let answers = self.n.unwrap_or(1);
        if (1..=MOST_ANSWERS).contains(&answers) {
            return Ok(answers);
        }
        Err(ApiError::wrong("n", format!("n is {answers}; it should be from 1 to {MOST_ANSWERS}")))
    }

    /// The engine's options.
    ///
    /// # Errors
    /// One that names `logit_bias`. The engine checks ranges.
    pub(crate) fn options(self) -> ApiResult<GenerateOptions> {
        let default = GenerateOptions::default();
        let penalties = [self.frequency_penalty, self.presence_penalty, self.repetition_penalty];
        // OpenAI's penalties look at all tokens.
        let penalised = penalties.iter().any(Option::is_some);
        let penalty_last_n = if penalised { GenerateOptions::MOST_HISTORY } else { default.penalty_last_n };
        let temperature = self.temperature.unwrap_or(1.0);
        // Where nothing is drawn, requests that are equal otherwise stay so, and share a computation.
        let drawn = || if temperature > 0.0 { rand::random::<u32>().into() } else { default.seed };
        Ok(GenerateOptions {
            temperature,
            // A negative seed is another one, too.
            seed: self.seed.map_or_else(drawn, |seed| seed as u64),
            top_p: self.top_p.unwrap_or(default.top_p),
            top_k: self.top_k.unwrap_or(default.top_k),
            min_p: self.min_p.unwrap_or(default.min_p),
            typical_p: self.typical_p.unwrap_or(default.typical_p),
            frequency_penalty: self.frequency_penalty.unwrap_or(default.frequency_penalty),
            presence_penalty: self.presence_penalty.unwrap_or(default.presence_penalty),
            repetition_penalty: self.repetition_penalty.unwrap_or(default.repetition_penalty),
            penalty_last_n,
            logit_bias: self.logit_bias.unwrap_or_default().iter().map(bias).collect::<ApiResult<_>>()?,
            stop: match self.stop {
                None => Vec::new(),
                Some(Stop::One(text)) => vec![text],
                Some(Stop::Several(texts)) => texts,
            },
            speculation: match self.speculation {
                Some(SpeculationField::Lookup) => Speculation::Lookup,
                Some(SpeculationField::Off) | None => Speculation::Off,
            },
            ..default
        })
    }
}

/// The bias of a token; -100 bans it, as OpenAI's API says.
fn bias((token, bias): (&String, &f32)) -> ApiResult<(u32, f32)> {
    let token = token.parse().map_err(|_| {
        ApiError::wrong("logit_bias", format!("logit_bias has the key {token:?}; keys should be the ids of tokens"))
    })?;
    Ok((token, if *bias <= -100.0 { f32::NEG_INFINITY } else { *bias }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_become_options() {
        let fields = json!({ "temperature": 0.5, "seed": 7, "stop": "x", "presence_penalty": 1.0, "logit_bias": { "3": -100, "4": 2 },
            "unheard_of": [] });
        let fields: SamplingFields = serde_json::from_value(fields).expect("they are right");
        let options = fields.options().expect("they are right");
        assert_eq!((options.temperature, options.seed, options.stop), (0.5, 7, vec!["x".to_owned()]));
        assert_eq!(options.penalty_last_n, GenerateOptions::MOST_HISTORY);
        assert_eq!(options.logit_bias, [(3, f32::NEG_INFINITY), (4, 2.0)]);
    }

    #[test]
    fn absent_fields_are_openais_defaults() {
        let (one, another) = (SamplingFields::default(), SamplingFields::default());
        let (one, another) = (one.options().expect("none"), another.options().expect("none"));
        assert_eq!((one.temperature, one.top_p, one.penalty_last_n), (1.0, 1.0, 64));
        assert_ne!(one.seed, another.seed, "each request has another seed");
        let greedy =
            || SamplingFields { temperature: Some(0.0), ..SamplingFields::default() }.options().expect("right");
        assert_eq!(greedy().seed, greedy().seed, "nothing is drawn");
    }

    #[test]
    fn the_number_of_answers_is_bounded() {
        for (n, right) in [(1, true), (128, true), (0, false), (129, false)] {
            let fields = SamplingFields { n: Some(n), ..SamplingFields::default() };
            assert_eq!(fields.answers().is_ok(), right, "{n}");
        }
    }
}
