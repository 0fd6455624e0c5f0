//! Outputs: from the residual stream to logits and sampled tokens, or to embeddings.

use wgslm_gpu::Buffer;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Activation, Pool, Sample, SampleStage};

use super::Graph;
use super::linear::{Destination, Input};
use super::{Count, Program, ProgramBuilder, StepSize};
use crate::Result;
use crate::model::select::Precision;
use crate::model::tensors::{CLASSIFIER, CLASSIFIER_OUTPUT, EMBEDDINGS, OUTPUT_HEAD};
use crate::model::workspace::stride;
use crate::model::{ClassifierSpec, NormKind, NormSpec, OutputSpec};

impl Graph<'_> {
    /// The program from the residual stream to the outputs' logits; with `in_order`, for steps of few tokens in which output i is token
    /// i.
    pub(crate) fn head(&self, in_order: bool) -> Result<Program> {
        let mut builder = ProgramBuilder::default();
        let OutputSpec::Logits { scale, soft_cap } = self.spec.output else {
            return Ok(builder.build(self.device.gpu()));
        };
        let name = if self.spec.tied_head { EMBEDDINGS } else { OUTPUT_HEAD };
        let matrices = self.matrices(&[&[(name, 0)]])?;
        let norm = self.spec.output_norm.unwrap_or(NormSpec { kind: NormKind::Rms, epsilon: 0.0 });
        let input = self.output_norm(&mut builder, norm, &matrices, (Count::OUTPUTS, !in_order))?;
        let plain = Destination::plain(&self.workspace.logits, self.spec.vocabulary);
        self.linear(&mut builder, Count::OUTPUTS, input, &matrices, Destination { scale, soft_cap, ..plain });
        Ok(builder.build(self.device.gpu()))
    }

    /// The program from the residual stream to the embeddings or scores of sequences, whose first tokens the outputs name.
    pub(crate) fn pool(&self) -> Result<Program> {
        let mut builder = ProgramBuilder::default();
        let (pooling, classifier) = match self.spec.output {
            OutputSpec::Logits { .. } => return Ok(builder.build(self.device.gpu())),
            OutputSpec::Embedding(pooling) => (pooling, None),
            OutputSpec::Scores(classifier) => (classifier.pooling, Some(classifier)),
        };
        let (a, width) = (self.workspace, self.spec.width);
        let x = match self.spec.output_norm {
            None => &a.residual,
            Some(norm) => self.output_norm(&mut builder, norm, &[], (Count::TOKENS, false))?.x,
        };
        let groups = stride(width) / GROUP as u32;
        builder.dispatch(
            Pool {
                width,
                groups,
                stride: stride(width) / 4,
                kind: pooling.number(),
                plain: classifier.is_some().into(),
            },
            self.device.kernels().pool(),
            Count::OUTPUTS,
            &[
                ("tokens", &a.tokens),
                ("outputs", &a.outputs),
                ("x", x),
                ("y", if classifier.is_some() { &a.attended } else { &a.embeddings }),
            ],
        );
        if let Some(classifier) = classifier {
            self.classify(&mut builder, &a.attended, classifier)?;
        }
        Ok(builder.build(self.device.gpu()))
    }

    /// Appends a classifier of pooled rows. They are few, so it always multiplies floats.
    fn classify(&self, builder: &mut ProgramBuilder, pooled: &Buffer, classifier: ClassifierSpec) -> Result<()> {
        let graph = Graph { step: StepSize::Many, precision: Precision::Float, encoding: None, ..*self };
        let a = self.workspace;
        let mut input = Input { x: pooled, encoded: &a.encoded, norm: None };
        if self.weights.has_matrix(CLASSIFIER) {
            let dense = graph.matrices(&[&[(CLASSIFIER, 0)]])?;
            let destination = Destination::in_planes(&a.residual, stride(self.spec.width));
            let destination = Destination { activation: Activation::Tanh, ..destination };
            graph.linear(builder, Count::OUTPUTS, input, &dense, destination);
            input.x = &a.residual;
        }
        let output = graph.matrices(&[&[(CLASSIFIER_OUTPUT, 0)]])?;
        graph.linear(builder, Count::OUTPUTS, input, &output, Destination::plain(&a.embeddings, classifier.labels));
        Ok(())
    }

    /// The program of some stages of the choice of tokens on logits or, `again`, of outputs that were refused theirs.
    pub(crate) fn sampling(&self, stages: &[SampleStage], again: bool) -> Program {
        let mut builder = ProgramBuilder::default();
        let a = self.workspace;
        let resources = [
            ("outputs", &a.outputs),
            ("logits", &a.logits),
            ("masks", &a.masks),
            ("history", &a.history),
            ("biases", &a.biases),
            ("breakers", &a.breakers),
            ("changes", &a.changes),
            ("maxima", &a.maxima),
            ("moments", &a.moments),
            ("histogram", &a.histogram),
            ("band", &a.band),
            ("bounds", &a.bounds),
            ("candidates", &a.candidates),
            ("sampled", &a.sampled),
            ("logprobs", &a.logprobs),
        ];
        for (stage, phase) in stages {
            let params = Sample::new(self.spec.vocabulary, *phase);
            builder.dispatch(if again { params.again() } else { params }, *stage, Count::OUTPUTS, &resources);
        }
        builder.build(self.device.gpu())
    }
}
