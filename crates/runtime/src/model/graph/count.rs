//! The sizes of a step, and how a dispatch's follows from them.

use wgslm_gpu::DispatchSize;
use wgslm_shaders::Extent;

/// The number of a step that the grid of a dispatch follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// The tokens run through the model.
    Tokens,
    /// The token of a step with a single one; nothing to do in others.
    SingleToken,
    /// The tokens of a step with several; nothing to do in others.
    SeveralTokens,
    /// So many for each of the tokens.
    TokensTimes(u32),
    /// The tokens whose logits are wanted.
    Outputs,
}

/// The sizes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tokens run through the model.
    pub(crate) tokens: u32,
    /// Tokens whose logits are wanted.
    pub(crate) outputs: u32,
    /// Tokens of the longest context among them, their own included.
    pub(crate) context: u32,
}

impl DispatchSize for Count {
    type Run = Counts;

    fn extent(self, Counts { tokens, outputs, context }: Counts) -> Extent {
        let count = match self {
            Count::Tokens => tokens,
            Count::SingleToken => u32::from(tokens == 1),
            Count::SeveralTokens if tokens == 1 => 0,
            Count::SeveralTokens => tokens,
            Count::TokensTimes(each) => tokens * each,
            Count::Outputs => outputs,
        };
        Extent { count, context }
    }
}

/// A program that steps run.
pub(crate) type Program = wgslm_gpu::Program<Count>;

/// Collects the dispatches of a [`Program`].
pub(crate) type ProgramBuilder = wgslm_gpu::ProgramBuilder<Count>;
