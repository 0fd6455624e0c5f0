//! Compiles grammars for a vocabulary.

use llguidance::ParserFactory;
use llguidance::earley::SlicedBiasComputer;
use llguidance::toktrie::InferenceCapabilities;

use crate::answer::Answer;
use crate::error::message;
use crate::{Constraint, Error, Grammar, Limits, Result, Vocabulary};

/// Compiles grammars for the vocabulary of a model.
pub struct Compiler {
    vocabulary: Vocabulary,
    limits: Limits,
    factory: ParserFactory,
}

impl Compiler {
    /// Makes the compiler for a vocabulary, which takes about 0.1 s for 100,000 tokens.
    ///
    /// # Errors
    /// [`Error::GrammarVocabulary`] where llguidance refuses the vocabulary.
    pub fn new(vocabulary: Vocabulary, limits: Limits) -> Result<Self> {
        let abilities = InferenceCapabilities { ff_tokens: false, ..InferenceCapabilities::default() };
        let slices = SlicedBiasComputer::general_slices();
        let mut factory = ParserFactory::new(&vocabulary.env(), abilities, &slices)
            .map_err(|error| Error::GrammarVocabulary { reason: message(&error) })?;
        factory.quiet();
        *factory.limits_mut() = limits.of_parser();
        Ok(Self { vocabulary, limits, factory })
    }

    /// Compiles a grammar; the result stands before the first token of an answer.
    ///
    /// # Errors
    /// [`Error::InvalidGrammar`], [`Error::UnsupportedGrammar`] and [`Error::GrammarTooComplex`] say why the grammar can't be used.
    pub fn compile(&self, grammar: &Grammar) -> Result<Box<dyn Constraint>> {
        let refused = |error: anyhow::Error| Error::refused(grammar.notation(), &error);
        let lowered = grammar.lower(&self.limits)?;
        let compile = || {
            let mut parser = self.factory.create_parser(lowered)?;
            parser.start_without_prompt();
            Answer::new(parser, self.vocabulary.clone())
        };
        Ok(Box::new(with_stack(compile).map_err(refused)?))
    }

    /// The vocabulary that grammars are compiled for.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Compiler").field("vocabulary", &self.vocabulary).finish_non_exhaustive()
    }
}

/// Runs `work` with enough stack for grammars as deep as the limits allow, which a caller's thread may not have.
#[cfg(not(target_arch = "wasm32"))]
fn with_stack<T: Send>(work: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    const BYTES: usize = 16 << 20;
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().name("grammar".to_owned()).stack_size(BYTES).spawn_scoped(scope, work)?;
        thread.join().unwrap_or_else(|_| anyhow::bail!("compiling panicked"))
    })
}

/// Runs `work` with the stack of the module.
#[cfg(target_arch = "wasm32")]
fn with_stack<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    work()
}
