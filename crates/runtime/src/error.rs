//! The error type of the library: its own errors and those of the crates below, each with a stable code.

/// Every message says what happened, where, and what the user can do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of the model's files.
    #[error(transparent)]
    Formats(#[from] wgslm_formats::Error),
    /// An error of the tokenizer or the chat template.
    #[error(transparent)]
    Text(#[from] wgslm_text::Error),
    /// An error of the device.
    #[error(transparent)]
    Gpu(#[from] wgslm_gpu::Error),
    /// Parts of a tensor that arrive one by one and don't fit how its rows lie on the device.
    #[error(
        "experts that begin at row {row} can't be put together on this device, only at multiples of {multiple}; convert the model to GGUF with llama.cpp"
    )]
    ScatteredRows {
        /// Where one begins.
        row: usize,
        /// Rows that lie side by side.
        multiple: usize,
    },
    /// A tensor whose shape doesn't fit the metadata.
    #[error("tensor {tensor} has the shape {found:?} where the metadata asks for {expected:?}")]
    TensorShape {
        /// The tensor's name.
        tensor: String,
        /// Its shape, fastest dimension first.
        found: Vec<u64>,
        /// The shape it should have.
        expected: Vec<u64>,
    },
    /// An option or environment variable with a value it can't have.
    #[error("{option}={value} is not usable; it should be {expected}")]
    InvalidOption {
        /// The option.
        option: String,
        /// Its value.
        value: String,
        /// What it should be.
        expected: String,
    },
    /// A device that computes wrong values.
    #[error(
        "{device} computes wrong values ({kernel} differs from its reference), so its answers could not be trusted; update the driver or the browser, or choose another device"
    )]
    SelfCheck {
        /// The device's name.
        device: String,
        /// The kernel and its variant.
        kernel: String,
    },
    /// A prompt without tokens.
    #[error("the prompt is empty; give it at least one token")]
    EmptyPrompt,
    /// Text asked of a model that makes embeddings, or the other way round.
    #[error("this {architecture} model {does}")]
    WrongTask {
        /// The model's architecture.
        architecture: String,
        /// What it does, what it can't do, and what to do instead.
        does: &'static str,
    },
    /// A prompt longer than the context.
    #[error(
        "the prompt has {tokens} tokens and the context holds {capacity}; shorten it or load the model with a larger context"
    )]
    PromptTooLong {
        /// Tokens in the prompt.
        tokens: usize,
        /// Tokens the context holds.
        capacity: usize,
    },
    /// Logits or an embedding that aren't finite numbers.
    #[error(
        "the model computes NaN or infinity at position {position}, so its answer would mean nothing: a weight is damaged, or a value overflows; download or convert the model again, or load it with activations as floats"
    )]
    NotFinite {
        /// The tokens of the sequence up to there.
        position: u32,
    },
    /// A token id outside the vocabulary.
    #[error("token {token} is not in the vocabulary of {vocabulary} tokens")]
    UnknownToken {
        /// The id.
        token: u32,
        /// The vocabulary's size.
        vocabulary: u32,
    },
    /// The KV cache has no room for another sequence now.
    #[error("the KV cache is in use by other sequences; wait for one to end or load the model with a larger context")]
    KvCacheFull,
}

impl Error {
    /// A stable machine-readable code, the same in Rust, on the command line and in JavaScript.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Formats(error) => error.code(),
            Self::Text(error) => error.code(),
            Self::Gpu(error) => error.code(),
            Self::ScatteredRows { .. } => "scattered-rows",
            Self::TensorShape { .. } => "tensor-shape",
            Self::InvalidOption { .. } => "invalid-option",
            Self::SelfCheck { .. } => "self-check",
            Self::EmptyPrompt => "empty-prompt",
            Self::WrongTask { .. } => "wrong-task",
            Self::PromptTooLong { .. } => "prompt-too-long",
            Self::NotFinite { .. } => "not-finite",
            Self::UnknownToken { .. } => "unknown-token",
            Self::KvCacheFull => "kv-cache-full",
        }
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
