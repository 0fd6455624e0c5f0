//! What a step is told: which rows go through the model, and which outputs are asked of them.

use wgslm_shaders::{Output, Row};

use crate::model::Activations;
use crate::model::Counts;

/// The next step as it lies in [`Activations::step`]: outputs first, then rows and their end. Kept from step to step, so that
/// none allocates.
pub(super) struct Step {
    words: Vec<u32>,
    /// Words before the rows: room for the most outputs.
    first_row: usize,
    outputs: usize,
}

impl Step {
    pub(super) fn new(activations: &Activations) -> Self {
        let first_row = (activations.outputs.size() / 4) as usize;
        let mut words = Vec::with_capacity((activations.step.size() / 4) as usize);
        words.resize(first_row, 0);
        Self { words, first_row, outputs: 0 }
    }

    pub(super) fn set_rows(&mut self, rows: impl Iterator<Item = Row>) {
        self.words.truncate(self.first_row);
        for row in rows.chain([Row::END]) {
            self.words.extend_from_slice(bytemuck::cast_slice(&[row]));
        }
    }

    pub(super) fn set_outputs(&mut self, outputs: &[Output]) {
        let words = bytemuck::cast_slice(outputs);
        self.words[..words.len()].copy_from_slice(words);
        self.outputs = outputs.len();
    }

    pub(super) fn rows(&self) -> &[Row] {
        let rows = bytemuck::cast_slice(&self.words[self.first_row..]);
        rows.split_last().map_or(&[], |(_end, rows)| rows)
    }

    pub(super) fn outputs(&self) -> &[Output] {
        &bytemuck::cast_slice(&self.words[..self.first_row])[..self.outputs]
    }

    pub(super) fn counts(&self) -> Counts {
        let context = self.rows().iter().map(|row| row.context).max().unwrap_or(0);
        Counts { tokens: self.rows().len() as u32, outputs: self.outputs as u32, context }
    }

    /// What is to be written at the beginning of [`Activations::step`].
    pub(super) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words)
    }
}
