//! Options of speculative decoding.

use std::path::PathBuf;

use clap::Args;
use wgslm::engine::{DraftModel, Engine, EngineOptions, Speculation};

use crate::error::Result;
use crate::load;

/// The source of drafts.
#[derive(Args, Clone, Debug)]
pub(crate) struct DraftOptions {
    /// Try what followed the last tokens when they occurred before, in the prompt or in the answer, several tokens in a step: faster where
    /// a text is edited or quoted, and the same answer
    #[arg(long, conflicts_with = "draft")]
    lookup: bool,
    /// Try what a smaller model with the same tokens guesses, several tokens in a step: faster where it is often right, and the same answer
    #[arg(long, value_name = "PATH")]
    draft: Option<PathBuf>,
}

impl DraftOptions {
    /// The source of drafts for answers of `engine`; loads the draft model on the same device.
    pub(crate) async fn speculation(&self, engine: &Engine) -> Result<Speculation> {
        if self.lookup {
            return Ok(Speculation::Lookup);
        }
        let Some(path) = &self.draft else { return Ok(Speculation::Off) };
        let options = EngineOptions { context_length: Some(engine.context_length()), ..EngineOptions::default() };
        let draft = load::on(engine.device(), path, &options).await?;
        Ok(Speculation::Model(DraftModel::new(draft)))
    }
}
