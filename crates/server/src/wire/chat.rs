//! Chats: the fields of a request, and its answers, whole and in chunks.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use wgslm::engine::{Engine, Summary, TokenLogprobs};
use wgslm::text::chat::{Answer, Conversation};
use wgslm_grammar::Grammar;

use super::{Head, ResponseFormat, entry, timings, usage};
use crate::answers::{ChatStep, ChatStepKind};
use crate::api_error::{ApiError, ApiResult};
use crate::sse::{StreamOptions, StreamWriter, closing, data};

/// The fields of a request for a chat that are neither the conversation's nor those of sampling.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ChatFields {
    pub(crate) stream: bool,
    pub(crate) stream_options: StreamOptions,
    max_completion_tokens: Option<u32>,
    max_tokens: Option<u32>,
    pub(crate) logprobs: bool,
    top_logprobs: Option<u32>,
    response_format: Option<ResponseFormat>,
    /// llama-server's: a grammar in GBNF.
    grammar: Option<String>,
}

impl ChatFields {
    /// The most tokens.
    pub(crate) fn most_tokens(&self) -> Option<u32> {
        self.max_completion_tokens.or(self.max_tokens)
    }

    /// The number of likeliest tokens whose log-probabilities come beside each token's; `None` where none are asked for.
    ///
    /// # Errors
    /// One that names `top_logprobs`.
    pub(crate) fn most_logprobs(&self) -> ApiResult<Option<u32>> {
        if self.top_logprobs.is_some_and(|top| top > 0) && !self.logprobs {
            return Err(ApiError::wrong("top_logprobs", "top_logprobs needs logprobs: true"));
        }
        Ok(self.logprobs.then(|| self.top_logprobs.unwrap_or(0)))
    }

    /// The grammar that the request gives itself.
    ///
    /// # Errors
    /// One that names `response_format`.
    pub(crate) fn grammar(&self) -> ApiResult<Option<Grammar>> {
        let format =
            self.response_format.as_ref().map(|format| format.grammar("response_format")).transpose()?.flatten();
        Ok(format.or_else(|| self.grammar.clone().map(Grammar::Gbnf)))
    }
}

/// A conversation as templates know it: its developer speaks as its system, and an answer in a form isn't preceded by reasoning, which
/// would have to follow the grammar too.
pub(crate) fn prepared(mut conversation: Conversation, has_grammar: bool) -> Conversation {
    for message in conversation.messages.iter_mut().filter(|message| message.role == "developer") {
        message.role = "system".to_owned();
    }
    if has_grammar && conversation.enable_thinking.is_none() {
        conversation.enable_thinking = Some(false);
    }
    conversation
}

/// Writes the answers of a request as OpenAI's API has them.
pub(crate) struct ChatWriter {
    head: Head,
    engine: Engine,
    logprobs: bool,
    usage: bool,
    choices: Vec<Choice>,
}

#[derive(Default)]
struct Choice {
    begun: bool,
    tokens: Vec<(u32, TokenLogprobs)>,
    end: Option<(Box<Answer>, Summary)>,
}

impl ChatWriter {
    pub(crate) fn new(head: Head, engine: &Engine, fields: &ChatFields, answers: u32) -> Self {
        Self {
            head,
            engine: engine.clone(),
            logprobs: fields.logprobs,
            usage: fields.stream_options.include_usage,
            choices: (0..answers).map(|_| Choice::default()).collect(),
        }
    }

    /// Takes a step of an answer for [`Self::whole`].
    pub(crate) fn take(&mut self, index: u32, step: ChatStep) {
        let choice = &mut self.choices[index as usize];
        choice.tokens.extend(step.logprobs);
        if let ChatStepKind::End(answer, summary) = step.kind {
            choice.end = Some((answer, summary));
        }
    }

    /// The whole response.
    pub(crate) fn whole(&self) -> Value {
        let mut body = self.head.fields("chat.completion");
        let choice = |(index, choice): (usize, &Choice)| {
            let (answer, _) = choice.end.as_ref()?;
            let mut message = json!(answer.message);
            message["content"] = message.get("content").cloned().unwrap_or_default();
            message["refusal"] = Value::Null;
            let logprobs = if self.logprobs { self.logprobs(&choice.tokens) } else { Value::Null };
            let finish_reason = answer.finish_reason;
            Some(json!({ "index": index, "message": message, "logprobs": logprobs, "finish_reason": finish_reason }))
        };
        body.insert("choices".to_owned(), self.choices.iter().enumerate().filter_map(choice).collect());
        self.count(&mut body);
        Value::Object(body)
    }

    fn count(&self, body: &mut Map<String, Value>) {
        let summaries: Vec<Summary> =
            self.choices.iter().filter_map(|choice| choice.end.as_ref()).map(|(_, summary)| summary.clone()).collect();
        body.insert("usage".to_owned(), usage([&summaries[..]]));
        body.insert("timings".to_owned(), timings(summaries.first()));
    }

    fn logprobs(&self, tokens: &[(u32, TokenLogprobs)]) -> Value {
        let content: Vec<Value> = tokens.iter().map(|token| entry(&self.engine, token)).collect();
        json!({ "content": content, "refusal": null })
    }

    fn chunk(&self, choices: Value) -> Map<String, Value> {
        self.head.chunk("chat.completion.chunk", choices, self.usage)
    }

    fn piece(&self, index: u32, delta: &Value, tokens: &[(u32, TokenLogprobs)], finish_reason: &Value) -> Value {
        let logprobs = if tokens.is_empty() { Value::Null } else { self.logprobs(tokens) };
        let choice = json!({ "index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason });
        Value::Object(self.chunk(json!([choice])))
    }
}

impl StreamWriter for ChatWriter {
    type Event = ChatStep;

    fn pieces(&mut self, index: u32, step: ChatStep) -> Vec<axum::response::sse::Event> {
        let mut events = Vec::new();
        if !std::mem::replace(&mut self.choices[index as usize].begun, true) {
            let beginning = json!({ "role": "assistant", "content": "" });
            events.push(data(&self.piece(index, &beginning, &[], &Value::Null)));
        }
        let ChatStep { kind, logprobs } = step;
        match kind {
            ChatStepKind::Delta(delta) => {
                let delta = json!(delta);
                // The end of a call is an empty piece, which OpenAI's API doesn't have.
                if !logprobs.is_empty() || delta.as_object().is_some_and(|delta| !delta.is_empty()) {
                    events.push(data(&self.piece(index, &delta, &logprobs, &Value::Null)));
                }
            }
            ChatStepKind::End(answer, summary) => {
                if !logprobs.is_empty() {
                    events.push(data(&self.piece(index, &json!({}), &logprobs, &Value::Null)));
                }
                events.push(data(&self.piece(index, &json!({}), &[], &json!(answer.finish_reason))));
                self.choices[index as usize].end = Some((answer, summary));
            }
        }
        events
    }

    fn end(&mut self) -> Vec<axum::response::sse::Event> {
        closing(self.usage.then(|| {
            let mut last = self.chunk(json!([]));
            self.count(&mut last);
            last
        }))
    }
}
