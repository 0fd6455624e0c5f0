//! The grammars of a model's answers, compiled once for requests that ask for the same.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use wgslm::engine::{Constrained, Engine};
use wgslm_grammar::{Compiler, Constraint, Grammar, Limits, Vocabulary};

use crate::api_error::{ApiError, ApiResult};

/// Grammars that are kept.
const KEPT: usize = 32;

/// The grammars of a model.
#[derive(Default)]
pub(crate) struct Grammars {
    /// Made with the first grammar, since it takes a while.
    compiler: OnceLock<Result<Compiler, ApiError>>,
    /// The last ones, the newest first.
    known: Mutex<VecDeque<(Grammar, Box<dyn Constraint>)>>,
}

impl Grammars {
    /// The grammar for an answer of `engine`. Takes long; for a thread that may wait.
    ///
    /// # Errors
    /// One with the status 400 for a grammar that can't be used.
    pub(crate) fn compile(&self, engine: &Engine, grammar: &Grammar) -> ApiResult<Constrained> {
        if let Some(known) = self.find(grammar) {
            return Ok(Constrained::new(known));
        }
        let compiler = self.compiler.get_or_init(|| {
            let vocabulary = Vocabulary::of(Arc::clone(engine.model().tokenizer()?))?;
            Ok(Compiler::new(vocabulary, Limits::default())?)
        });
        let compiled = compiler.as_ref().map_err(Clone::clone)?.compile(grammar)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(KEPT - 1);
        known.push_front((grammar.clone(), compiled.fork()));
        Ok(Constrained::new(compiled))
    }

    fn find(&self, grammar: &Grammar) -> Option<Box<dyn Constraint>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().position(|(each, _)| each == grammar)?;
        let entry = known.remove(found)?;
        let constraint = entry.1.fork();
        known.push_front(entry);
        Some(constraint)
    }
}
