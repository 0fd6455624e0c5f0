//! GGUF files: the streaming reader, their metadata and their tensor types.
//!
//! The format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

mod metadata;
mod tensor_type;

pub use metadata::{Array, Metadata, Strings, Value};
pub use tensor_type::TensorType;
