//! Beam search: the likeliest answers as wholes, rather than the likeliest token at each place.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::ranges::invalid;
use super::{Engine, FinishReason, GenerateOptions, Generation, GenerationEvent, Priority, check_prompt, check_task};
use crate::model::Task;
use crate::{Error, Result};

/// Options of a beam search.
#[derive(Clone, Debug, PartialEq)]
pub struct BeamOptions {
    /// Answers that are followed at a time, and returned at the end: from 1 to half of [`GenerateOptions::MOST_LOGPROBS`].
    pub width: u32,
    /// The most tokens in an answer; as many as the context holds where absent.
    pub max_tokens: Option<u32>,
    /// The exponent of the length by which the log-probability of an answer is divided: 0 prefers short answers, 1 takes the mean of
    /// its tokens.
    pub length_penalty: f32,
    /// The claim of each step's requests to be answered before others.
    pub priority: Priority,
}

impl Default for BeamOptions {
    fn default() -> Self {
        Self { width: 4, max_tokens: None, length_penalty: 1.0, priority: Priority::Interactive }
    }
}

/// An answer that a beam search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Beam {
    /// The answer's tokens, the stop token included.
    pub tokens: Vec<u32>,
    /// Their text, without the stop token.
    pub text: String,
    /// The natural logarithm of the answer's probability.
    pub logprob: f64,
    /// [`FinishReason::Stop`], [`FinishReason::Length`] or [`FinishReason::Context`].
    pub finish_reason: FinishReason,
}

/// An answer that is being followed.
#[derive(Clone, Debug)]
struct Path {
    tokens: Vec<u32>,
    logprob: f64,
}

impl Path {
    /// The score by which answers of any length are compared.
    fn score(&self, length_penalty: f32) -> f64 {
        self.logprob / (self.tokens.len().max(1) as f64).powf(length_penalty.into())
    }
}

impl Engine {
    /// The likeliest answers to `prompt` that a beam search finds, the best first.
    ///
    /// With every step each answer that is followed goes on with its likeliest tokens, and the likeliest of all these are followed
    /// further. An answer that ends with a stop token is set aside; the search ends once as many as are to be found are better than all
    /// that are followed. Each step is a request for each answer, of which the prefix cache has all but the newest token; without the cache it reads
    /// everything again.
    ///
    /// # Errors
    /// As [`Self::generate`] and [`Generation::next`], and [`Error::InvalidOption`] for a width that can't be.
    pub async fn beam_search(&self, prompt: &[u32], options: &BeamOptions) -> Result<Vec<Beam>> {
        let width = options.width as usize;
        if !(1..=GenerateOptions::MOST_LOGPROBS / 2).contains(&options.width) {
            return Err(invalid("beam width", &width, &format!("from 1 to {}", GenerateOptions::MOST_LOGPROBS / 2)));
        }
        check_task(&self.inner, Task::Generation)?;
        check_prompt(&self.inner, prompt)?;
        let stop_tokens = self.model().tokenizer().map(|tokenizer| tokenizer.stop_tokens()).unwrap_or_default();
        let better = |a: &Path, b: &Path| -> Ordering {
            b.score(options.length_penalty).total_cmp(&a.score(options.length_penalty))
        };
        let room = (self.context_length() as usize).saturating_sub(prompt.len());
        let most = options.max_tokens.map_or(room, |most| room.min(most as usize));
        let mut followed = vec![Path { tokens: Vec::new(), logprob: 0.0 }];
        let mut ended: Vec<Path> = Vec::new();
        for _ in 0..most {
            let alternatives = self.next_tokens(prompt, &followed, options).await?;
            let mut next: Vec<Path> = Vec::with_capacity(2 * width * width);
            for (path, alternatives) in followed.iter().zip(alternatives) {
                next.extend(alternatives.into_iter().map(|(token, logprob)| Path {
                    tokens: [&path.tokens[..], &[token]].concat(),
                    logprob: path.logprob + f64::from(logprob),
                }));
            }
            // Of twice as many, enough go on though some end.
            next.sort_by(better);
            next.truncate(2 * width);
            let stops = |path: &Path| path.tokens.last().is_some_and(|token| stop_tokens.contains(token));
            let (stopped, mut going): (Vec<_>, Vec<_>) = next.into_iter().partition(stops);
            ended.extend(stopped);
            ended.sort_by(better);
            ended.truncate(width);
            going.truncate(width);
            followed = going;
            let hopeless = |path: &Path| ended.len() == width && better(&ended[width - 1], path) != Ordering::Greater;
            if followed.iter().all(hopeless) {
                followed.clear();
                break;
            }
        }
        let limit = if options.max_tokens.is_some_and(|most| room >= most as usize) {
            FinishReason::Length
        } else {
            FinishReason::Context
        };
        let stopped = ended.into_iter().map(|path| (path, FinishReason::Stop));
        let mut found: Vec<_> = stopped.chain(followed.into_iter().map(|path| (path, limit))).collect();
        found.sort_by(|a, b| better(&a.0, &b.0));
        found.truncate(width);
        Ok(found.into_iter().map(|(path, reason)| self.beam(path, reason)).collect())
    }

    /// The likeliest tokens after each path, with their log-probabilities.
    async fn next_tokens(&self, prompt: &[u32], paths: &[Path], options: &BeamOptions) -> Result<Vec<Vec<(u32, f32)>>> {
        let options = GenerateOptions {
            max_tokens: Some(1),
            logprobs: Some(2 * options.width),
            tokens_in_flight: 1,
            ignore_stop: true,
            priority: options.priority,
            ..GenerateOptions::default()
        };
        let (mut asked, mut found) = (VecDeque::new(), Vec::with_capacity(paths.len()));
        for path in paths {
            let tokens = [prompt, &path.tokens].concat();
            loop {
                match self.generate(&tokens, options.clone()) {
                    Ok(generation) => asked.push_back(generation),
                    // The queue has room once one of them is done.
                    Err(Error::Busy { .. }) if !asked.is_empty() => {
                        found.extend(alternatives(asked.pop_front()).await?);
                        continue;
                    }
                    Err(error) => return Err(error),
                }
                break;
            }
        }
        while !asked.is_empty() {
            found.extend(alternatives(asked.pop_front()).await?);
        }
        Ok(found)
    }

    fn beam(&self, Path { tokens, logprob }: Path, finish_reason: FinishReason) -> Beam {
        let shown = if finish_reason == FinishReason::Stop { tokens.len() - 1 } else { tokens.len() };
        let text = self.model().tokenizer().map(|tokenizer| {
            let mut detokenizer = tokenizer.detokenizer();
            let mut text: String = tokens[..shown].iter().map(|token| detokenizer.push(*token)).collect();
            text.push_str(&detokenizer.finish());
            text
        });
        Beam { tokens, text: text.unwrap_or_default(), logprob, finish_reason }
    }
}

/// The likeliest tokens that a generation of one token had to choose from.
async fn alternatives(generation: Option<Generation>) -> Result<Option<Vec<(u32, f32)>>> {
    let Some(mut generation) = generation else { return Ok(None) };
    let mut found = None;
    while let Some(event) = generation.next().await? {
        if let GenerationEvent::Token { logprob: Some(logprob), .. } = event {
            found = Some(logprob.alternatives);
        }
    }
    Ok(Some(found.unwrap_or_default()))
}
