//! The interface between a grammar and the loop that chooses tokens.

use std::fmt::Debug;

use crate::Result;

/// A grammar that follows one answer, token by token, and says which tokens may come next.
///
/// A generation asks for a [`mask`](Self::mask), chooses one of its tokens and [`commit`](Self::commit)s it, until the grammar
/// [is complete](Self::is_complete) or a stop token was chosen. It may append the [`forced`](Self::forced) tokens without choosing.
pub trait Constraint: Debug + Send {
    /// Sets the bits of the tokens that may come next, and clears all others.
    ///
    /// Token `t` is bit `t % 32` of word `t / 32`. The words cover the ids of the model's logits; those beyond the vocabulary are
    /// never allowed. Where the answer may end, the model's stop tokens are among the allowed ones; where it must, they are the only
    /// ones.
    ///
    /// # Errors
    /// [`Error::Grammar`](crate::Error::Grammar) where no token can follow, or where following the grammar takes more work than is
    /// allowed. The words are then all zero.
    fn mask(&mut self, words: &mut [u32]) -> Result<()>;

    /// Appends a token to the answer.
    ///
    /// # Errors
    /// [`Error::TokenRefused`](crate::Error::TokenRefused) for a token that may not come next; the answer stays as it was.
    /// [`Error::Grammar`](crate::Error::Grammar) where following the grammar takes more work than is allowed.
    fn commit(&mut self, token: u32) -> Result<()>;

    /// The tokens that must come next, in order, as the model's tokenizer would spell them; often none. They are not appended yet:
    /// the caller commits each.
    ///
    /// # Errors
    /// [`Error::Grammar`](crate::Error::Grammar) where following the grammar takes more work than is allowed.
    fn forced(&mut self) -> Result<Vec<u32>>;

    /// True if the answer may end here.
    fn is_accepting(&mut self) -> bool;

    /// True if the answer must end here: a stop token was committed, or nothing else may follow.
    fn is_complete(&self) -> bool;

    /// True if any token may follow from here on, so that nobody needs to ask any more.
    fn is_settled(&self) -> bool {
        false
    }

    /// Takes back the last `tokens` tokens, as if they had never been committed.
    ///
    /// # Errors
    /// [`Error::Grammar`](crate::Error::Grammar) where fewer tokens have been committed; the answer stays as it was.
    fn rollback(&mut self, tokens: usize) -> Result<()>;

    /// A copy in the same state, which goes its own way: for several answers to one prompt.
    fn fork(&self) -> Box<dyn Constraint>;
}
