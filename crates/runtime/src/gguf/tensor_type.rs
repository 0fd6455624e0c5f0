//! The tensor types of GGUF: how many weights a block holds and how many bytes it takes.

/// How a tensor's weights are stored in the file. The discriminant is the number GGUF uses.
///
/// Source: `enum ggml_type` of <https://github.com/ggml-org/ggml/blob/master/include/ggml.h>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, non_camel_case_types)]
#[repr(u32)]
pub enum TensorType {
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q8_0 = 8,
    BF16 = 30,
}
