//! The error type of the library: its own errors and those of the crates below, each with a stable code.

use crate::engine::MemoryPlan;

/// A failure of the library. Every message says what happened, where, and what the user can do next.
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
    /// Experts that arrive one by one, one of which begins within a group of interleaved rows.
    #[error(
        "an expert begins at row {row}, and on this device experts must begin at multiples of {multiple} rows; convert the model to GGUF with llama.cpp"
    )]
    ScatteredRows {
        /// The row at which the expert begins.
        row: usize,
        /// Rows in an interleaved group.
        multiple: usize,
    },
    /// A tensor whose shape doesn't fit the metadata.
    #[error(
        "tensor {tensor} has the shape {found:?} where the metadata asks for {expected:?}; download or convert the model again"
    )]
    TensorShape {
        /// The tensor's name.
        tensor: String,
        /// The tensor's shape in the file, fastest dimension first.
        found: Vec<u64>,
        /// The shape that the metadata asks for.
        expected: Vec<u64>,
    },
    /// An option or environment variable with a value that can't be used.
    #[error("{option}={value} is not usable; it should be {expected}")]
    InvalidOption {
        /// The option's name.
        option: String,
        /// The value given.
        value: String,
        /// The values allowed.
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
    /// A model that the device has no room for.
    #[error("{}; {plan}", no_room(cause))]
    NoRoom {
        /// The device's error: [`OutOfMemory`](wgslm_gpu::Error::OutOfMemory) or [`TooLarge`](wgslm_gpu::Error::TooLarge).
        cause: wgslm_gpu::Error,
        /// The memory that the model takes, and would take with other options.
        plan: Box<MemoryPlan>,
    },
    /// A prompt without tokens.
    #[error("the prompt is empty; give it at least one token")]
    EmptyPrompt,
    /// Text asked of an embedding model, or an embedding of a language model.
    #[error("this {architecture} model {does}")]
    WrongTask {
        /// The model's architecture.
        architecture: String,
        /// The end of the message: the model's task, and what to do instead.
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
    /// Logits or an embedding with NaN or infinity.
    #[error(
        "the model computes NaN or infinity at position {position}, so its answer would mean nothing: a weight is damaged, or a value overflows; download or convert the model again, or load it with float activations"
    )]
    NotFinite {
        /// Tokens of the sequence before the position.
        position: u32,
    },
    /// A token id outside the vocabulary.
    #[error("token {token} is not in the vocabulary of {vocabulary} tokens; use the ids of this model's tokenizer")]
    UnknownToken {
        /// The token's id.
        token: u32,
        /// Tokens in the vocabulary.
        vocabulary: u32,
    },
    /// A sequence that the KV cache can't hold though nothing else runs.
    #[error("the KV cache has no room for this sequence; shorten it or load the model with more room for tokens")]
    KvCacheFull,
    /// As many requests wait as may, or every slot is in use.
    #[error("the engine is busy with other requests; try again in {retry_after_ms} ms")]
    Busy {
        /// The time in which there is likely to be a place, in ms.
        retry_after_ms: u64,
    },
    /// A request that waited for a slot until its queue deadline.
    #[error("the request waited for a slot until its deadline; try again later, or allow it more time in the queue")]
    Deadline,
    /// A snapshot of another model, or one made with other settings.
    #[error(
        "this snapshot was made with {what}; load the model and the settings that it was made with, or start a new session"
    )]
    SnapshotMismatch {
        /// The difference.
        what: &'static str,
    },
    /// A snapshot that is not whole, or not as it was written.
    #[error("the snapshot is damaged: {reason}; take it from a backup, or start a new session")]
    SnapshotDamaged {
        /// The first thing found wrong.
        reason: &'static str,
    },
    /// A snapshot in a later format.
    #[error("the snapshot has version {found} of the format and this program reads up to {supported}; update wgslm")]
    SnapshotVersion {
        /// The snapshot's version.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
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
            Self::NoRoom { cause, .. } => cause.code(),
            Self::EmptyPrompt => "empty-prompt",
            Self::WrongTask { .. } => "wrong-task",
            Self::PromptTooLong { .. } => "prompt-too-long",
            Self::NotFinite { .. } => "not-finite",
            Self::UnknownToken { .. } => "unknown-token",
            Self::KvCacheFull => "kv-cache-full",
            Self::Busy { .. } => "busy",
            Self::Deadline => "deadline",
            Self::SnapshotMismatch { .. } => "snapshot-mismatch",
            Self::SnapshotDamaged { .. } => "snapshot-damaged",
            Self::SnapshotVersion { .. } => "snapshot-version",
        }
    }
}

/// The beginning of the message about a model that the device has no room for, without the advice that its plan gives better.
fn no_room(cause: &wgslm_gpu::Error) -> String {
    match cause {
        wgslm_gpu::Error::TooLarge { what, bytes, limit } => {
            format!("{what} takes {bytes} bytes, and this device can bind at most {limit} at once")
        }
        _ => "the GPU has no memory for this model; close other programs that use it, or load less".to_owned(),
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
