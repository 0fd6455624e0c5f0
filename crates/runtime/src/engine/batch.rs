//! The batch of a step: the tokens that go through the model, and the outputs, the tokens whose logits are wanted.

use wgslm_shaders::{Output, Token};

use crate::model::Counts;
use crate::model::Workspace;

/// The next step's batch in the layout of [`Workspace::batch`]: outputs, then tokens, then [`Token::END`]. Reused from step to
/// step, so that none allocates.
pub(super) struct Batch {
    words: Vec<u32>,
    /// Words before the tokens: room for the most outputs.
    first_token: usize,
    outputs: usize,
}

impl Batch {
    pub(super) fn new(workspace: &Workspace) -> Self {
        let first_token = (workspace.outputs.size() / 4) as usize;
        let mut words = Vec::with_capacity((workspace.batch.size() / 4) as usize);
        words.resize(first_token, 0);
        Self { words, first_token, outputs: 0 }
    }

    pub(super) fn set_tokens(&mut self, tokens: impl Iterator<Item = Token>) {
        self.words.truncate(self.first_token);
        for token in tokens.chain([Token::END]) {
            self.words.extend_from_slice(bytemuck::cast_slice(&[token]));
        }
    }

    pub(super) fn set_outputs(&mut self, outputs: &[Output]) {
        let words = bytemuck::cast_slice(outputs);
        self.words[..words.len()].copy_from_slice(words);
        self.outputs = outputs.len();
    }

    pub(super) fn tokens(&self) -> &[Token] {
        let tokens = bytemuck::cast_slice(&self.words[self.first_token..]);
        tokens.split_last().map_or(&[], |(_end, tokens)| tokens)
    }

    pub(super) fn outputs(&self) -> &[Output] {
        bytemuck::cast_slice(&self.words[..self.outputs * size_of::<Output>() / 4])
    }

    pub(super) fn counts(&self) -> Counts {
        let context = self.tokens().iter().map(|row| row.context).max().unwrap_or(0);
        // A sequence's tokens follow each other.
        let apart = self.tokens().windows(2).all(|neighbours| neighbours[0].table != neighbours[1].table);
        Counts { tokens: self.tokens().len() as u32, outputs: self.outputs as u32, context, apart }
    }

    /// The bytes to write to the beginning of [`Workspace::batch`].
    pub(super) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words)
    }
}
