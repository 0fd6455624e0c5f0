//! The tensor types of GGUF, with the numbers of weights and bytes in a block.

use std::fmt;

use crate::format::WeightFormat;

/// Declares the enum and its table from one list: `name = number, weights a block, bytes a block`.
macro_rules! tensor_types {
    ($($name:ident = $id:literal, $block_len:literal, $block_bytes:literal;)*) => {
        /// The type in which a file stores a tensor's weights: blocks of [`Self::block_len`] consecutive weights of a row, each
        /// [`Self::block_bytes`] long. The discriminant is the number that GGUF uses.
        ///
        /// Sources: `enum ggml_type` of <https://github.com/ggml-org/ggml/blob/master/include/ggml.h> for the numbers,
        /// the block structures of <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h> for the sizes.
        // The variants bear the names the whole field knows them by: nothing to explain one by one.
        #[allow(missing_docs, non_camel_case_types)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum TensorType {
            $($name = $id,)*
        }

        impl TensorType {
            /// Every tensor type, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name llama.cpp gives the type, such as `Q4_1`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The number of weights in a block; 1 for plain floats and integers.
            #[must_use]
            pub const fn block_len(self) -> usize {
                match self {
                    $(Self::$name => $block_len,)*
                }
            }

            /// The number of bytes a block takes in the file.
            #[must_use]
            pub const fn block_bytes(self) -> usize {
                match self {
                    $(Self::$name => $block_bytes,)*
                }
            }
        }
    };
}

// The gaps are types that ggml withdrew (4, 5, 31 to 33, 36 to 38): repacked forms that files no longer hold.
// Q8_1, of which no file is made either, follows ggml's structure (two f16, 32 codes); gguf-py still has the older 40.
tensor_types! {
    F32 = 0, 1, 4;
    F16 = 1, 1, 2;
    Q4_0 = 2, 32, 18;
    Q4_1 = 3, 32, 20;
    Q5_0 = 6, 32, 22;
    Q5_1 = 7, 32, 24;
    Q8_0 = 8, 32, 34;
    Q8_1 = 9, 32, 36;
    Q2_K = 10, 256, 84;
    Q3_K = 11, 256, 110;
    Q4_K = 12, 256, 144;
    Q5_K = 13, 256, 176;
    Q6_K = 14, 256, 210;
    Q8_K = 15, 256, 292;
    IQ2_XXS = 16, 256, 66;
    IQ2_XS = 17, 256, 74;
    IQ3_XXS = 18, 256, 98;
    IQ1_S = 19, 256, 50;
    IQ4_NL = 20, 32, 18;
    IQ3_S = 21, 256, 110;
    IQ2_S = 22, 256, 82;
    IQ4_XS = 23, 256, 136;
    I8 = 24, 1, 1;
    I16 = 25, 1, 2;
    I32 = 26, 1, 4;
    I64 = 27, 1, 8;
    F64 = 28, 1, 8;
    IQ1_M = 29, 256, 56;
    BF16 = 30, 1, 2;
    TQ1_0 = 34, 256, 54;
    TQ2_0 = 35, 256, 66;
    MXFP4 = 39, 32, 17;
    NVFP4 = 40, 64, 36;
    Q1_0 = 41, 128, 18;
}

impl TensorType {
    /// The type with this number in GGUF.
    #[must_use]
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.id() == id)
    }

    /// The number GGUF uses for this type.
    #[must_use]
    pub const fn id(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The format in which a tensor type is kept on the device; `None` for types that can't be run.
#[must_use]
pub fn weight_format(kind: TensorType) -> Option<WeightFormat> {
    match kind {
        TensorType::F32 => Some(WeightFormat::F32),
        TensorType::F16 => Some(WeightFormat::F16),
        TensorType::BF16 => Some(WeightFormat::BF16),
        TensorType::Q4_0 => Some(WeightFormat::Q4_0),
        TensorType::Q4_1 => Some(WeightFormat::Q4_1),
        TensorType::Q5_0 => Some(WeightFormat::Q5_0),
        TensorType::Q5_1 => Some(WeightFormat::Q5_1),
        TensorType::Q8_0 => Some(WeightFormat::Q8_0),
        TensorType::Q2_K | TensorType::TQ1_0 | TensorType::TQ2_0 => Some(WeightFormat::Q2_K),
        TensorType::Q3_K => Some(WeightFormat::Q3_K),
        TensorType::Q4_K => Some(WeightFormat::Q4_K),
        TensorType::Q5_K => Some(WeightFormat::Q5_K),
        TensorType::Q6_K => Some(WeightFormat::Q6_K),
        TensorType::IQ4_NL => Some(WeightFormat::IQ4_NL),
        TensorType::MXFP4 => Some(WeightFormat::MXFP4),
        TensorType::IQ4_XS | TensorType::IQ3_XXS | TensorType::IQ3_S => Some(WeightFormat::Table4),
        TensorType::IQ1_S | TensorType::IQ1_M | TensorType::IQ2_XXS | TensorType::IQ2_XS | TensorType::IQ2_S => {
            Some(WeightFormat::Table3)
        }
        _ => None,
    }
}
