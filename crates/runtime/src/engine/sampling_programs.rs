//! The programs from logits to sampled tokens.

use wgslm_shaders::{Output, SampleStage, SampleVariant};

use crate::model::{Graph, Program};

/// The programs from logits to sampled tokens, in the order in which a step runs those that its outputs ask for.
pub(super) struct SamplingPrograms {
    logprobs: Program,
    adjust: Program,
    draw: DrawPrograms,
    refuse: Program,
    /// Those of `draw` again, for outputs whose masks have refused a token.
    redraw: DrawPrograms,
    chosen: Program,
}

/// The programs that choose tokens of logits that nothing changes any more.
struct DrawPrograms {
    few: Program,
    truncation: Program,
    typical: Program,
    xtc: Program,
    argmax: Program,
}

impl SamplingPrograms {
    pub(super) fn build(graph: &Graph<'_>) -> Self {
        let program = |stages: &[SampleStage]| graph.sampling(stages, false);
        Self {
            logprobs: program(&SampleVariant::LOGPROBS),
            adjust: program(&SampleVariant::ADJUST),
            draw: DrawPrograms::build(graph, false),
            refuse: program(&SampleVariant::REFUSE),
            redraw: DrawPrograms::build(graph, true),
            chosen: program(&SampleVariant::CHOSEN),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Program> {
        let Self { logprobs, adjust, draw, refuse, redraw, chosen } = self;
        let before = [logprobs, adjust].into_iter().chain(draw.all());
        before.chain([refuse]).chain(redraw.all()).chain([chosen])
    }

    /// Those that a step with these outputs runs.
    pub(super) fn asked_by<'a>(&'a self, outputs: &[Output]) -> Vec<&'a Program> {
        let any = |asks: fn(&Output) -> bool| outputs.iter().any(asks);
        let logprobs = any(Output::wants_logprobs);
        let refusing: Vec<&Output> = outputs.iter().filter(|output| output.may_be_refused()).collect();
        let mut asked = Vec::new();
        asked.extend(logprobs.then_some(&self.logprobs));
        asked.extend(any(Output::adjusts).then_some(&self.adjust));
        asked.extend(self.draw.asked_by(&outputs.iter().collect::<Vec<_>>()));
        if !refusing.is_empty() {
            asked.push(&self.refuse);
            asked.extend(self.redraw.asked_by(&refusing));
        }
        asked.extend(logprobs.then_some(&self.chosen));
        asked
    }
}

impl DrawPrograms {
    fn build(graph: &Graph<'_>, again: bool) -> Self {
        let program = |stages: &[SampleStage]| graph.sampling(stages, again);
        Self {
            few: program(&SampleVariant::FEW),
            truncation: program(&SampleVariant::TRUNCATION),
            typical: program(&SampleVariant::TYPICAL),
            xtc: program(&SampleVariant::XTC),
            argmax: program(&SampleVariant::ARGMAX),
        }
    }

    fn all(&self) -> [&Program; 5] {
        let Self { few, truncation, typical, xtc, argmax } = self;
        [few, truncation, typical, xtc, argmax]
    }

    fn asked_by(&self, outputs: &[&Output]) -> impl Iterator<Item = &Program> {
        let any = |asks: fn(&Output) -> bool| outputs.iter().any(|output| asks(output));
        let few = outputs.iter().filter(|output| output.truncates()).all(|output| output.truncates_to_few());
        let (truncates, typical, xtc) = (any(Output::truncates), any(Output::has_typical_p), any(Output::has_xtc));
        let asked = [truncates && few, truncates && !few, typical && !few, xtc && !few, !outputs.is_empty()];
        self.all().into_iter().zip(asked).filter_map(|(program, asked)| asked.then_some(program))
    }
}
