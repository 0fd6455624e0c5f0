//! Continuations of prompts in the shape of OpenAI's older API, whole and in chunks.

use serde_json::{Map, Value, json};
use wgslm::engine::{Engine, FinishReason, GenerationEvent, Summary, TokenLogprobs};

use super::{Head, completion_logprobs, timings, usage};
use crate::sse::{StreamOptions, StreamWriter, closing, data};

/// Writes the answers of a request, those to the first prompt first.
pub(crate) struct CompletionWriter {
    head: Head,
    engine: Engine,
    logprobs: bool,
    usage: bool,
    /// Answers to each prompt.
    answers: usize,
    choices: Vec<Choice>,
}

#[derive(Default)]
struct Choice {
    text: String,
    /// Tokens, with the place of each one's text in the answer, in characters.
    tokens: Vec<(u32, TokenLogprobs, usize)>,
    characters: usize,
    end: Option<Summary>,
}

impl CompletionWriter {
    pub(crate) fn new(
        head: Head,
        engine: &Engine,
        logprobs: bool,
        options: &StreamOptions,
        (prompts, answers): (usize, u32),
    ) -> Self {
        let answers = answers as usize;
        Self {
            head,
            engine: engine.clone(),
            logprobs,
            usage: options.include_usage,
            answers,
            choices: (0..prompts * answers).map(|_| Choice::default()).collect(),
        }
    }

    /// Takes an event of an answer for [`Self::whole`]; returns the text and log-probabilities that are new.
    pub(crate) fn take(&mut self, index: u32, event: GenerationEvent) -> (String, Vec<(u32, TokenLogprobs, usize)>) {
        let choice = &mut self.choices[index as usize];
        match event {
            GenerationEvent::Token { token, text, logprob } => {
                let new: Vec<_> = logprob.map(|found| (token, found, choice.characters)).into_iter().collect();
                choice.tokens.extend_from_slice(&new);
                choice.characters += text.chars().count();
                choice.text.push_str(&text);
                (text, new)
            }
            GenerationEvent::Finished(summary) => {
                choice.end = Some(summary);
                (String::new(), Vec::new())
            }
        }
    }

    /// The whole response.
    pub(crate) fn whole(&self) -> Value {
        let mut body = self.head.fields("text_completion");
        let choices = self.choices.iter().enumerate().map(|(index, choice)| {
            let logprobs = if self.logprobs { completion_logprobs(&self.engine, &choice.tokens) } else { Value::Null };
            json!({ "index": index, "text": choice.text, "logprobs": logprobs, "finish_reason": reason(choice.end.as_ref()) })
        });
        body.insert("choices".to_owned(), choices.collect());
        self.count(&mut body);
        Value::Object(body)
    }

    fn count(&self, body: &mut Map<String, Value>) {
        let summaries: Vec<Summary> = self.choices.iter().filter_map(|choice| choice.end.clone()).collect();
        body.insert("usage".to_owned(), usage(summaries.chunks(self.answers.max(1))));
        body.insert("timings".to_owned(), timings(summaries.first()));
    }

    fn chunk(&self, choices: Value) -> Map<String, Value> {
        self.head.chunk("text_completion", choices, self.usage)
    }
}

/// OpenAI's API has no other reasons.
fn reason(end: Option<&Summary>) -> &'static str {
    if end.is_some_and(|end| end.finish_reason == FinishReason::Stop) { "stop" } else { "length" }
}

impl StreamWriter for CompletionWriter {
    type Event = GenerationEvent;

    fn pieces(&mut self, index: u32, event: GenerationEvent) -> Vec<axum::response::sse::Event> {
        let (text, tokens) = self.take(index, event);
        let end = self.choices[index as usize].end.as_ref();
        if text.is_empty() && tokens.is_empty() && end.is_none() {
            return Vec::new();
        }
        let finish_reason = end.map(|end| reason(Some(end)));
        let logprobs = if tokens.is_empty() { Value::Null } else { completion_logprobs(&self.engine, &tokens) };
        let choice = json!({ "index": index, "text": text, "logprobs": logprobs, "finish_reason": finish_reason });
        vec![data(&Value::Object(self.chunk(json!([choice]))))]
    }

    fn end(&mut self) -> Vec<axum::response::sse::Event> {
        closing(self.usage.then(|| {
            let mut last = self.chunk(json!([]));
            self.count(&mut last);
            last
        }))
    }
}
