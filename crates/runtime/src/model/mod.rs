//! Models: a model as data ([`ModelSpec`]), its weights on the device, and the one graph builder that turns both into programs.

mod architecture;
mod fingerprint;
mod graph;
mod incoming;
mod left_out;
mod outline;
mod places;
mod quantised_rows;
mod repacked_rows;
mod repacker;
pub mod select;
mod sizes;
mod spec;
pub(crate) mod state;
mod tensor_layout;
mod tensor_writer;
mod tensors;
mod texts;
mod weights;
mod workspace;

pub use architecture::supported_architectures;
pub(crate) use fingerprint::{Fingerprint, SAMPLE};
pub(crate) use graph::{Counts, Graph, Program, StepSize};
pub(crate) use incoming::Incoming;
pub(crate) use repacker::Repacker;
pub use spec::{
    AttentionSpec, ClassifierSpec, EmbeddingSpec, ExpertsSpec, FeedForwardSpec, LayerSpec, MixerSpec, ModelSpec,
    NormKind, NormPlace, NormSpec, OutputSpec, Pooling, QkNorm, RopeSpec, Task,
};
pub use tensors::{ExpectedTensor, Fusion, TensorRole, expected_tensors};
pub(crate) use texts::Texts;
pub use weights::{Matrix, MatrixPart, Weights};
pub(crate) use workspace::Workspace;

use std::sync::Arc;

use wgslm_text::{ChatTemplate, RankingTemplate, Tokenizer};

use crate::Result;

/// A model on the device.
pub struct Model {
    /// The model as data.
    pub spec: ModelSpec,
    /// The model's weights.
    pub weights: Weights,
    /// The number of weights in all tensors used.
    pub parameters: u64,
    texts: Texts,
}

impl Model {
    pub(crate) fn new(spec: ModelSpec, weights: Weights, parameters: u64, texts: Texts) -> Self {
        Self { spec, weights, parameters, texts }
    }

    /// The model's tokenizer.
    ///
    /// # Errors
    /// [`Tokenizer`](wgslm_text::Error::Tokenizer) where the file has none that can be used; the model still runs on token ids.
    pub fn tokenizer(&self) -> Result<&Arc<Tokenizer>> {
        self.texts.tokenizer.as_ref().map_err(|reason| wgslm_text::Error::Tokenizer { reason: reason.clone() }.into())
    }

    /// The model's chat template, if it has one.
    ///
    /// # Errors
    /// [`ChatTemplate`](wgslm_text::Error::ChatTemplate) where it has one that can't be used.
    pub fn chat_template(&self) -> Result<Option<&ChatTemplate>> {
        self.texts
            .chat_template
            .as_ref()
            .map(Option::as_ref)
            .map_err(|reason| wgslm_text::Error::ChatTemplate { reason: reason.clone() }.into())
    }

    /// The model's template of a query and a document, if it has one.
    #[must_use]
    pub fn ranking_template(&self) -> Option<&RankingTemplate> {
        self.texts.ranking_template.as_ref()
    }
}
