//! The counts of a step, and the size of a dispatch as a function of them.

use wgslm_gpu::DispatchSize;
use wgslm_shaders::Extent;

/// The count of a step that sets the size of a dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// The tokens run through the model.
    Tokens,
    /// The token of a step that has a single one; nothing in other steps.
    SingleToken,
    /// The tokens of a step that has several; nothing in other steps.
    SeveralTokens,
    /// A fixed number for each of the tokens.
    TokensTimes(u32),
    /// The tokens whose logits are wanted.
    Outputs,
}

/// The counts of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tokens run through the model.
    pub(crate) tokens: u32,
    /// Tokens whose logits are wanted.
    pub(crate) outputs: u32,
    /// Tokens in the longest context of any token of the step, the token itself included.
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
