//! Options of answers that follow a grammar.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use wgslm::engine::{Constrained, Engine};
use wgslm_grammar::{Compiler, Grammar, Limits, Vocabulary, Whitespace};

use crate::error::{Error, Result};

/// The grammar that an answer has to follow.
#[derive(Args, Clone, Debug, Default)]
#[group(multiple = false)]
pub(crate) struct GrammarOptions {
    /// Answer with JSON that a JSON Schema accepts: a schema, or a file with one
    #[arg(long, value_name = "SCHEMA_OR_FILE")]
    json_schema: Option<String>,
    /// Answer with a JSON object
    #[arg(long)]
    json_object: bool,
    /// Answer with a text that a regular expression matches as a whole
    #[arg(long, value_name = "PATTERN")]
    regex: Option<String>,
    /// Answer as a grammar in Lark says
    #[arg(long, value_name = "FILE")]
    lark: Option<PathBuf>,
    /// Answer as a grammar in GBNF, llama.cpp's notation, says
    #[arg(long, value_name = "FILE")]
    grammar: Option<PathBuf>,
}

impl GrammarOptions {
    /// The grammar for an answer of `engine`, if one is asked for.
    pub(crate) fn constraint(&self, engine: &Engine) -> Result<Option<Constrained>> {
        let whitespace = Whitespace::default();
        let grammar = match self {
            Self { json_schema: Some(schema), .. } => Grammar::JsonSchema { schema: schema_of(schema)?, whitespace },
            Self { json_object: true, .. } => Grammar::JsonObject { whitespace },
            Self { regex: Some(pattern), .. } => Grammar::Regex(pattern.clone()),
            Self { lark: Some(path), .. } => Grammar::Lark(read(path)?),
            Self { grammar: Some(path), .. } => Grammar::Gbnf(read(path)?),
            _ => return Ok(None),
        };
        compile(engine, &grammar).map(Some)
    }
}

/// Compiles a grammar for an answer of `engine`.
pub(crate) fn compile(engine: &Engine, grammar: &Grammar) -> Result<Constrained> {
    let vocabulary = Vocabulary::of(Arc::clone(engine.model().tokenizer()?))?;
    Ok(Constrained::new(Compiler::new(vocabulary, Limits::default())?.compile(grammar)?))
}

/// The schema that an argument is, or that the file has which it names.
fn schema_of(argument: &str) -> Result<String> {
    if argument.trim_start().starts_with('{') { Ok(argument.to_owned()) } else { read(Path::new(argument)) }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(Error::file(path))
}
