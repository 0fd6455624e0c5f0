//! The limits of the work that a grammar may cause.

use llguidance::api::ParserLimits;

/// Limits of the size of grammars, and of the work and memory that compiling and following them takes.
///
/// Work is counted rather than timed, so that the same grammar has the same outcome everywhere.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most bytes of a grammar's text.
    pub text_bytes: usize,
    /// The most rules and parentheses of a Lark or GBNF grammar inside each other. Compiling takes up to 6 kB of stack for each, and of a
    /// browser's stack there is little.
    pub depth: usize,
    /// The most symbols in the rules of a compiled grammar.
    pub symbols: usize,
    /// The most steps of building the automaton of a grammar's terminals; about 50,000 take 1 ms.
    pub compile_steps: u64,
    /// The most steps of extending that automaton for one mask; about 14,000 take 1 ms.
    pub mask_steps: u64,
    /// The most states of the parser for one mask; about 20,000 take 1 ms.
    pub mask_items: usize,
    /// The most states of that automaton, of 1 to 2 kB each.
    pub automaton_states: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text_bytes: 1 << 18,
            depth: if cfg!(target_arch = "wasm32") { 100 } else { 1000 },
            symbols: 50_000,
            compile_steps: 400_000,
            mask_steps: 200_000,
            mask_items: 50_000,
            automaton_states: 30_000,
        }
    }
}

impl Limits {
    pub(crate) fn of_parser(&self) -> ParserLimits {
        ParserLimits {
            initial_lexer_fuel: self.compile_steps,
            step_lexer_fuel: self.mask_steps,
            step_max_items: self.mask_items,
            max_lexer_states: self.automaton_states,
            max_grammar_size: self.symbols,
            verbose_errors: false,
            ..ParserLimits::default()
        }
    }
}
