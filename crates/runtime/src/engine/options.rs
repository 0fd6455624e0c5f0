//! The options of an engine.

use std::str::FromStr;
use std::time::Duration;

use wgslm_formats::quantise::Policy;
use wgslm_shaders::Encoding;
use wgslm_shaders::KvFormat;

use super::{BlockOrder, Price};
use crate::model::select::Kernels;
use crate::{Error, Result};

/// The precision of the activations that matrices multiply: less is faster, at the cost of rounding. It is a sequence's own: what else
/// is in a step changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activations {
    /// The fastest on the device. Steps of many tokens take f16 where there are matrix units, else as `Int8`. Steps of few tokens, as
    /// in decode, take as `Int8` the matrices for which the device was measured to be faster so, on software adapters all. Always as
    /// `Float` in [`super::Engine::logits`].
    #[default]
    Auto,
    /// Activations are f32.
    Float,
    /// Activations are rounded to 8 bits, with a scale for each 32, where the weights have integer codes.
    Int8,
}

impl Activations {
    /// The encoding of activations in steps of many tokens; none where all are f32. On devices without kernels of their own for few
    /// tokens also in those.
    pub(super) fn encoding(self, kernels: &Kernels) -> Option<Encoding> {
        match self {
            Self::Auto => Some(kernels.encoding()),
            Self::Float => None,
            Self::Int8 => Some(Encoding::Int8),
        }
    }

    /// True where activations are rounded.
    pub(super) fn rounds(self) -> bool {
        self != Self::Float
    }
}

impl FromStr for Activations {
    type Err = Error;

    /// Reads `auto`, `float` or `int8`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for anything else.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "float" => Ok(Self::Float),
            "int8" => Ok(Self::Int8),
            _ => Err(Error::InvalidOption {
                option: "activations".to_owned(),
                value: text.to_owned(),
                expected: "auto, float or int8".to_owned(),
            }),
        }
    }
}

/// Options for loading a model. The default suits most.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// The most tokens of a sequence, prompt and answer together; where absent, 4096, or fewer where the model or the device allows
    /// no more.
    pub context_length: Option<u32>,
    /// Requests that run at a time; where absent, 8.
    pub slots: Option<u32>,
    /// Requests that wait for a slot at a time; where absent, 64. More are refused at once with [`Error::Busy`].
    pub queue: Option<u32>,
    /// The batching window: the time that the first prompt of a burst waits for others that join its prefill. A few milliseconds suit a
    /// server; none, the default, suits whoever waits for a single answer.
    pub batching_window: Duration,
    /// Keeps the prefixes of requests in the KV cache, as far as there is room, for later ones that begin alike; on where absent.
    pub prefix_cache: Option<bool>,
    /// The price of the device, from which metrics compute costs.
    pub price: Option<Price>,
    /// Tokens that the KV cache holds for all sequences together; where absent, as many as one sequence can have. Layers with a
    /// window need less, and room for the windows of all sequences is kept for them.
    pub kv_tokens: Option<u32>,
    /// States of sequences that are kept for later requests, besides those of open sequences, by models with layers whose state
    /// has a fixed size (LFM2); where absent, as many as fit 32 MiB, up to 256.
    pub state_checkpoints: Option<u32>,
    /// Tokens in a prefill chunk; chosen by the kind of device where absent.
    pub prefill_tokens: Option<u32>,
    /// The precision of activations.
    pub activations: Activations,
    /// The policy for quantising weights as they are loaded; where absent, they stay as in the file.
    pub quantize: Option<Policy>,
    /// The format of the KV cache; the fastest on the device where absent: f16 on GPUs, f32 on software adapters. Codes of 8 bits
    /// hold nearly twice the context in the same memory.
    pub kv_format: Option<KvFormat>,
    /// The order in which the KV cache's blocks are allocated.
    #[doc(hidden)]
    pub block_order: BlockOrder,
}
