//! The lines that are typed: with line editing in a terminal, else as they come on standard input.

use std::io::{BufRead as _, IsTerminal as _, stdin};
use std::path::{Path, PathBuf};

use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor};

use crate::error::{Error, Result};

/// The prompt of a terminal, and that of a line which continues another.
const PROMPTS: [&str; 2] = ["> ", ". "];

/// The source of lines.
pub(super) enum Input {
    Terminal { editor: Box<DefaultEditor>, history: Option<PathBuf> },
    Lines,
}

impl Input {
    pub(super) fn new(json: bool, history: Option<&Path>) -> Result<Self> {
        if json || !stdin().is_terminal() {
            return Ok(Self::Lines);
        }
        let config = Config::builder().auto_add_history(true).build();
        let mut editor = DefaultEditor::with_config(config).map_err(failed)?;
        let history = history.map(Path::to_owned);
        if let Some(path) = history.as_deref().filter(|path| path.exists()) {
            editor.load_history(path).map_err(failed)?;
        }
        Ok(Self::Terminal { editor: Box::new(editor), history })
    }

    /// The next line that says something; `None` at the end. A backslash at a line's end continues it on the next.
    pub(super) fn next(&mut self) -> Result<Option<String>> {
        let mut whole = String::new();
        loop {
            let Some(line) = self.line(PROMPTS[usize::from(!whole.is_empty())])? else {
                return Ok(Some(whole).filter(|line| !line.trim().is_empty()));
            };
            match line.strip_suffix('\\') {
                Some(line) => whole += &format!("{line}\n"),
                None if (whole.clone() + &line).trim().is_empty() => whole.clear(),
                None => return Ok(Some(whole + &line)),
            }
        }
    }

    fn line(&mut self, prompt: &str) -> Result<Option<String>> {
        match self {
            Self::Terminal { editor, .. } => loop {
                match editor.readline(prompt) {
                    Ok(line) => return Ok(Some(line)),
                    // What was typed is dropped.
                    Err(ReadlineError::Interrupted) => {}
                    Err(ReadlineError::Eof) => return Ok(None),
                    Err(error) => return Err(failed(error)),
                }
            },
            Self::Lines => {
                let mut line = String::new();
                let read = stdin().lock().read_line(&mut line).map_err(Error::Input)?;
                Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
            }
        }
    }

    /// Keeps what was typed, where that was asked for.
    pub(super) fn close(&mut self) -> Result<()> {
        match self {
            Self::Terminal { editor, history: Some(path) } => editor.save_history(path).map_err(failed),
            _ => Ok(()),
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // The shape `map_err` wants.
fn failed(error: ReadlineError) -> Error {
    Error::Input(std::io::Error::other(error.to_string()))
}
