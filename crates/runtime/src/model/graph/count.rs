//! The counts of a step, and the size of a dispatch as a function of them.

use wgslm_gpu::DispatchSize;
use wgslm_shaders::Extent;

/// The count of a step that sets the size of a dispatch, and the steps that have the dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    of: Counted,
    /// Rows for each that is counted.
    times: u32,
    /// The least and the most of a step that has the dispatch.
    least: u32,
    most: u32,
    /// The steps by [`Counts::apart`] that have the dispatch; all where absent.
    apart: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Tokens,
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
    /// True where each token is of a sequence of its own, so that none sees another.
    pub(crate) apart: bool,
}

impl Count {
    /// The tokens run through the model.
    pub(super) const TOKENS: Self = Self { of: Counted::Tokens, times: 1, least: 1, most: u32::MAX, apart: None };

    /// The tokens whose logits are wanted.
    pub(super) const OUTPUTS: Self = Self { of: Counted::Outputs, ..Self::TOKENS };

    /// Several rows for each of the tokens.
    pub(super) const fn tokens_times(times: u32) -> Self {
        Self { times, ..Self::TOKENS }
    }

    /// In steps of at most so many; none where `most` is 0.
    pub(super) const fn up_to(self, most: u32) -> Self {
        Self { most, ..self }
    }

    /// In steps of more than so many.
    pub(super) const fn over(self, most: u32) -> Self {
        Self { least: most.saturating_add(1), ..self }
    }

    /// In steps whose tokens are each of a sequence of its own or, where `apart` is false, in the others.
    pub(super) const fn apart(self, apart: bool) -> Self {
        Self { apart: Some(apart), ..self }
    }

    /// True where rows are outputs rather than tokens.
    pub(super) fn is_of_outputs(self) -> bool {
        self.of == Counted::Outputs
    }
}

impl DispatchSize for Count {
    type Run = Counts;

    fn extent(self, Counts { tokens, outputs, context, apart }: Counts) -> Extent {
        let count = match self.of {
            Counted::Tokens => tokens,
            Counted::Outputs => outputs,
        };
        let runs = (self.least..=self.most).contains(&count) && self.apart.is_none_or(|wanted| wanted == apart);
        let count = if runs { count * self.times } else { 0 };
        Extent { count, context }
    }
}

/// A program that steps run.
pub(crate) type Program = wgslm_gpu::Program<Count>;

/// Collects the dispatches of a [`Program`].
pub(crate) type ProgramBuilder = wgslm_gpu::ProgramBuilder<Count>;
