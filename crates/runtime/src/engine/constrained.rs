//! Answers that follow a grammar.

use wgslm_text::Constraint;

use crate::Result;

/// A grammar that an answer has to follow. A clone is a copy in the same state.
#[derive(Debug)]
pub struct Constrained {
    constraint: Box<dyn Constraint>,
    /// The tokens that may come next, a bit each: after the known tokens, and after each draft.
    masks: Vec<Vec<u32>>,
}

impl Constrained {
    /// The grammar `constraint`, which stands before the first token of the answer.
    #[must_use]
    pub fn new(constraint: Box<dyn Constraint>) -> Self {
        Self { constraint, masks: Vec::new() }
    }

    /// Appends a token of the answer, and returns true where the answer ends with it.
    ///
    /// # Errors
    /// [`Error::TokenRefused`](wgslm_text::Error::TokenRefused), [`Error::Grammar`](wgslm_text::Error::Grammar).
    pub(super) fn commit(&mut self, token: u32) -> Result<bool> {
        self.constraint.commit(token)?;
        Ok(self.constraint.is_complete())
    }

    /// The tokens that must come next; often none.
    ///
    /// # Errors
    /// [`Error::Grammar`](wgslm_text::Error::Grammar).
    pub(super) fn forced(&mut self) -> Result<Vec<u32>> {
        Ok(self.constraint.forced()?)
    }

    /// True where any token may follow from here on.
    pub(super) fn is_settled(&self) -> bool {
        self.constraint.is_settled()
    }

    /// Computes the masks of the next step, of `words` words, and removes those of its `drafts` that aren't allowed.
    ///
    /// # Errors
    /// [`Error::Grammar`](wgslm_text::Error::Grammar).
    pub(super) fn prepare(&mut self, words: usize, drafts: &mut Vec<u32>) -> Result<()> {
        self.masks.clear();
        let mut tried = 0;
        loop {
            let mut mask = vec![0; words];
            self.constraint.mask(&mut mask)?;
            self.masks.push(mask);
            let goes_on = |token: &u32| !self.constraint.is_complete() && self.constraint.commit(*token).is_ok();
            if !drafts.get(tried).is_some_and(goes_on) {
                break;
            }
            tried += 1;
        }
        drafts.truncate(tried);
        Ok(self.constraint.rollback(tried)?)
    }

    /// The masks of the next step, that of its first output first.
    pub(super) fn masks(&self) -> &[Vec<u32>] {
        &self.masks
    }
}

impl Clone for Constrained {
    fn clone(&self) -> Self {
        Self::new(self.constraint.fork())
    }
}

impl PartialEq for Constrained {
    /// False: nobody can tell whether two grammars are the same.
    fn eq(&self, _: &Self) -> bool {
        false
    }
}
