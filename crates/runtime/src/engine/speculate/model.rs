//! Drafts of a smaller model.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::super::ranges::invalid;
use super::super::{Engine, GenerateOptions, Generation, GenerationEvent, Speculation};
use crate::Result;
use crate::model::Model;
use crate::model::Task;

/// An engine of a smaller model with the same tokens, which writes drafts.
#[derive(Clone)]
pub struct DraftModel {
    engine: Engine,
}

impl DraftModel {
    /// A draft model that runs in `engine`.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Checks that the draft model can write drafts for the model of `target`: that it generates text of the same tokens, and in an engine
    /// of its own.
    pub(in crate::engine) fn check(&self, target: &Engine) -> Result<()> {
        let [draft, target_model] = [&self.engine, target].map(Engine::model);
        let tokens = |model: &Model| model.tokenizer().map(|tokenizer| tokenizer.vocabulary_size()).ok();
        let same = draft.spec.vocabulary == target_model.spec.vocabulary && tokens(draft) == tokens(target_model);
        if same && draft.spec.task() == Task::Generation && !Arc::ptr_eq(&self.engine.inner, &target.inner) {
            return Ok(());
        }
        let value = format!("{} with {} tokens", draft.spec.architecture, draft.spec.vocabulary);
        let wanted = target_model.spec.vocabulary;
        let expected =
            format!("another engine, of a language model with the {wanted} tokens of the model that it drafts for");
        Err(invalid("draft model", &value, &expected))
    }
}

impl PartialEq for DraftModel {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.engine.inner, &other.engine.inner)
    }
}

impl std::fmt::Debug for DraftModel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("DraftModel").field(&self.engine.model().spec.architecture).finish()
    }
}

/// The drafts of one answer. Each round is a request to the draft model's engine, whose prefix cache has all but the newest tokens.
pub(super) struct ModelDrafts {
    engine: Engine,
    options: GenerateOptions,
    round: Option<Generation>,
    drafts: Vec<u32>,
}

impl ModelDrafts {
    /// Drafts for an answer with `options`. They are drawn with the same seed, so that drafts of a model that agrees are right at any
    /// temperature.
    pub(super) fn new(model: &DraftModel, options: &GenerateOptions) -> Self {
        let options = GenerateOptions {
            coalesce: false,
            ignore_stop: true,
            stop: Vec::new(),
            logprobs: None,
            constraint: None,
            speculation: Speculation::Off,
            feature: None,
            queue_deadline: None,
            deadline: None,
            ..options.clone()
        };
        Self { engine: model.engine.clone(), options, round: None, drafts: Vec::new() }
    }

    /// Gives up drafts that aren't ready.
    pub(super) fn forget(&mut self) {
        self.round = None;
        self.drafts.clear();
    }

    /// At most `most` tokens that may follow `tokens`; none where the draft model can't run. Asked again with the same tokens until it is
    /// ready.
    pub(super) fn poll(&mut self, tokens: &[u32], most: usize, context: &mut Context<'_>) -> Poll<Vec<u32>> {
        let round = match &mut self.round {
            Some(round) => round,
            None => {
                let max_tokens = Some(most as u32);
                let options =
                    GenerateOptions { max_tokens, tokens_in_flight: most.clamp(1, 16) as u32, ..self.options.clone() };
                let Ok(round) = self.engine.generate(tokens, options) else { return Poll::Ready(Vec::new()) };
                self.round.insert(round)
            }
        };
        loop {
            match round.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(Some(GenerationEvent::Token { token, .. }))) => self.drafts.push(token),
                Poll::Ready(_) => {
                    self.round = None;
                    return Poll::Ready(std::mem::take(&mut self.drafts));
                }
            }
        }
    }
}
