//! The error type of this crate: every way in which reading or quantising a model's files can fail, with a stable code.

use crate::foreign::told_by;

/// An error of this crate. Its message says what happened, where, and what the user can do next.
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
    /// A file that follows the format but needs a feature, or a size, that this reader doesn't support.
    #[error("the GGUF file cannot be used, {what} at byte {offset}: {reason}")]
    UnsupportedGguf {
        /// The item being read.
        what: String,
        /// The item's offset in bytes from the start of the file.
        offset: u64,
        /// The unsupported feature or size, and the way around it where there is one.
        reason: String,
    },
    /// A file that ends before the end that its header announces.
    #[error("the file is cut short: it ends at byte {offset} inside {what}; download it again")]
    Truncated {
        /// The item being read.
        what: String,
        /// The end of the file, in bytes from its start.
        offset: u64,
    },
    /// A file that contradicts the format.
    #[error("the GGUF file is damaged, {what} at byte {offset}: {reason}; download or convert it again")]
    InvalidGguf {
        /// The item being read.
        what: String,
        /// The item's offset in bytes from the start of the file.
        offset: u64,
        /// The contradiction.
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
        /// The missing file's name.
        file: String,
    },
    /// A later part of a split GGUF model, given in place of the first.
    #[error("{file} is not the first part of its model; give {first}, from which the other parts are found")]
    NotFirstPart {
        /// The name of the given part.
        file: String,
        /// The name of the first part.
        first: String,
    },
    /// A file that doesn't match the model's other files.
    #[error("{file} doesn't belong to the model's other files: {reason}; download the model's files again, together")]
    WrongPart {
        /// The file's name.
        file: String,
        /// The mismatch.
        reason: String,
    },
    /// A set of files that doesn't hold exactly one model.
    #[error("{reason}; give a GGUF file, the first part of a split one, or a folder with config.json and safetensors")]
    NoModel {
        /// The fault, such as two models side by side.
        reason: String,
    },
    /// A safetensors file that contradicts the format.
    #[error("the safetensors file {file} is damaged: {reason}; download it again")]
    InvalidSafetensors {
        /// The file's name.
        file: String,
        /// The contradiction.
        reason: String,
    },
    /// A safetensors file that follows the format but needs a feature, or a size, that this reader doesn't support.
    #[error("the safetensors file {file} cannot be used: {reason}; convert the model to GGUF with llama.cpp")]
    UnsupportedSafetensors {
        /// The file's name.
        file: String,
        /// The unsupported feature or size.
        reason: String,
    },
    /// A JSON file of a Hugging Face folder that is malformed, lacks a value, or asks for something unsupported.
    #[error("{file} is not usable: {reason}")]
    InvalidConfig {
        /// The file's name.
        file: String,
        /// The fault.
        reason: String,
    },
    /// An architecture this build cannot run.
    #[error("the architecture {architecture} is not supported (supported: {supported})")]
    UnsupportedArchitecture {
        /// The model's architecture.
        architecture: String,
        /// The supported architectures, comma separated.
        supported: String,
    },
    /// A tensor that the architecture needs and the file lacks.
    #[error("the model lacks the tensor {tensor}")]
    MissingTensor {
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor that the architecture doesn't use, as far as this build knows it: ignoring it could change every answer.
    #[error(
        "the model has a tensor {tensor} that {architecture} as implemented here doesn't use, so its answers would be wrong"
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
        /// The fault in the value, or the values that are allowed.
        reason: String,
    },
    /// A quantisation policy that can't be read.
    #[error("the policy for quantising is not usable: {reason}")]
    QuantizePolicy {
        /// The fault and the accepted form.
        reason: String,
    },
    /// A model to quantise whose matrices are all quantised already.
    #[error(
        "the model has no F32, F16 or BF16 matrix to quantize: they are {kinds} already; run it as it is, or convert it to floats first (`wgslm quantize --policy f16`)"
    )]
    AlreadyQuantised {
        /// The types of the matrices, comma separated.
        kinds: String,
    },
    /// A weight format that GGUF files can't hold.
    #[error(
        "GGUF has no type for {kind}; write {instead}, or quantize the model each time that it's loaded (--quantize)"
    )]
    NoGgufType {
        /// The weight format without a GGUF type.
        kind: String,
        /// A policy whose weights GGUF has a type for.
        instead: String,
    },
}

/// Describes a file that begins with `found` in place of GGUF's magic.
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
