//! The error type of this crate: every way in which reading or quantising a model's files can fail, with a stable code.

use crate::foreign::told_by;

/// Every message says what happened, where, and what the user can do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The first four bytes are not `GGUF`.
    #[error("not a GGUF file: {}; check the address or the path", instead_of_gguf(found))]
    NotGguf {
        /// The bytes found (fewer than four if the file ends there).
        found: Vec<u8>,
    },
    /// A GGUF version other than 2 and 3.
    #[error("GGUF version {version} is not supported (2 and 3 are); convert the file with a current llama.cpp")]
    UnsupportedVersion {
        /// The version the file gives.
        version: u32,
    },
    /// A file that may well follow the format, but uses what is not read here, or more of it than is read.
    #[error("the GGUF file cannot be used, {what} at byte {offset}: {reason}")]
    UnsupportedGguf {
        /// What was being read.
        what: String,
        /// Where, in bytes from the start of the file.
        offset: u64,
        /// What is not supported, and what to do about it where something can be done.
        reason: String,
    },
    /// The file ends before what it announces.
    #[error("the file is cut short: it ends at byte {offset} inside {what}; download it again")]
    Truncated {
        /// What was being read.
        what: String,
        /// Where the file ends, in bytes from its start.
        offset: u64,
    },
    /// The file contradicts the format.
    #[error("the GGUF file is damaged, {what} at byte {offset}: {reason}; download or convert it again")]
    InvalidGguf {
        /// What was being read.
        what: String,
        /// Where, in bytes from the start of the file.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor type this build cannot run.
    #[error("tensor {tensor} has the type {kind}, which is not supported (supported: {supported})")]
    UnsupportedTensorType {
        /// The tensor's name.
        tensor: String,
        /// The name of the type, or its number where it is unknown.
        kind: String,
        /// The types that are supported, comma separated.
        supported: String,
    },
    /// A file that the model needs isn't among those given.
    #[error("the model's file {file} is missing; put it beside the others and give all of them, or their folder")]
    MissingFile {
        /// Its name.
        file: String,
    },
    /// A later part of a split GGUF model was given where the first is wanted.
    #[error("{file} is not the first part of its model; give {first}, and the other parts are found from it")]
    NotFirstPart {
        /// The name of the part given.
        file: String,
        /// That of the first.
        first: String,
    },
    /// A file that doesn't belong to the others.
    #[error("{file} doesn't belong to the model's other files: {reason}; download the model's files again, together")]
    WrongPart {
        /// Its name.
        file: String,
        /// What tells so.
        reason: String,
    },
    /// Files among which there isn't one model.
    #[error("{reason}; give a GGUF file, the first part of a split one, or a folder with config.json and safetensors")]
    NoModel {
        /// What was found instead.
        reason: String,
    },
    /// A safetensors file that contradicts its format.
    #[error("the safetensors file {file} is damaged: {reason}; download it again")]
    InvalidSafetensors {
        /// Its name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A safetensors file that uses what is not read here, or more of it than is read.
    #[error("the safetensors file {file} cannot be used: {reason}; convert the model to GGUF with llama.cpp")]
    UnsupportedSafetensors {
        /// Its name.
        file: String,
        /// What is not supported.
        reason: String,
    },
    /// A JSON file of a Hugging Face folder that can't be read or lacks something.
    #[error("{file} is not usable: {reason}")]
    InvalidConfig {
        /// Its name.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An architecture this build cannot run.
    #[error("the architecture {architecture} is not supported (supported: {supported})")]
    UnsupportedArchitecture {
        /// What the file asks for.
        architecture: String,
        /// What there is, comma separated.
        supported: String,
    },
    /// A tensor the architecture needs and the file lacks.
    #[error("the model lacks the tensor {tensor}")]
    MissingTensor {
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor the architecture has no use for, as far as this build knows it: ignoring it could change every answer.
    #[error(
        "the model has a tensor {tensor} that {architecture} as run here doesn't use, so its answers would be wrong"
    )]
    UnexpectedTensor {
        /// The tensor's name.
        tensor: String,
        /// The architecture.
        architecture: String,
    },
    /// A metadata key that the model cannot do without.
    #[error("the model's metadata lacks {key}")]
    MissingMetadata {
        /// The missing key.
        key: String,
    },
    /// A metadata value of the wrong type or out of range.
    #[error("the model's metadata {key} is not usable: {reason}")]
    InvalidMetadata {
        /// The key.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// A policy that says nothing usable.
    #[error("the policy for quantizing is not usable: {reason}")]
    QuantizePolicy {
        /// What is wrong, and what it should be.
        reason: String,
    },
    /// A model without a matrix of floats.
    #[error(
        "the model has no F32, F16 or BF16 matrix to quantize: they are {kinds} already; run it as it is, or make floats of it first (`wgslm quantize --policy f16`)"
    )]
    AlreadyQuantised {
        /// The types that its matrices have, comma separated.
        kinds: String,
    },
    /// Weights that no GGUF file can hold.
    #[error(
        "GGUF has no type for {kind}; write {instead}, or quantize the model each time that it's loaded (--quantize)"
    )]
    NoGgufType {
        /// What there is no type for.
        kind: String,
        /// What there is a type for.
        instead: String,
    },
}

/// What a file is that begins with `found`.
fn instead_of_gguf(found: &[u8]) -> String {
    told_by(found).map_or_else(|| format!("it starts with {found:02x?} instead of \"GGUF\""), str::to_owned)
}

impl Error {
    /// A stable machine-readable code, the same in Rust, on the command line and in JavaScript.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotGguf { .. } => "not-gguf",
            Self::UnsupportedVersion { .. } => "unsupported-version",
            Self::UnsupportedGguf { .. } => "unsupported-gguf",
            Self::Truncated { .. } => "truncated",
            Self::InvalidGguf { .. } => "invalid-gguf",
            Self::UnsupportedTensorType { .. } => "unsupported-tensor-type",
            Self::MissingFile { .. } => "missing-file",
            Self::NotFirstPart { .. } => "not-first-part",
            Self::WrongPart { .. } => "wrong-part",
            Self::NoModel { .. } => "no-model",
            Self::InvalidSafetensors { .. } => "invalid-safetensors",
            Self::UnsupportedSafetensors { .. } => "unsupported-safetensors",
            Self::InvalidConfig { .. } => "invalid-config",
            Self::UnsupportedArchitecture { .. } => "unsupported-architecture",
            Self::MissingTensor { .. } => "missing-tensor",
            Self::UnexpectedTensor { .. } => "unexpected-tensor",
            Self::MissingMetadata { .. } => "missing-metadata",
            Self::InvalidMetadata { .. } => "invalid-metadata",
            Self::QuantizePolicy { .. } => "quantize-policy",
            Self::AlreadyQuantised { .. } => "already-quantized",
            Self::NoGgufType { .. } => "no-gguf-type",
        }
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
