//! The differences between architectures in the layout of their tensors in a file; none of them changes what is computed.

/// The layout of a model's tensors in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TensorLayout {
    /// Queries, keys and values are one matrix.
    pub(crate) fused_qkv: bool,
    /// Gate and up of a feed-forward network are one matrix.
    pub(crate) fused_gate_up: bool,
    /// The name of the norm before a feed-forward network.
    pub(crate) feed_forward_norm: &'static str,
    /// The name of the norm after the last layer.
    pub(crate) output_norm: &'static str,
}

const PLAIN: TensorLayout =
    TensorLayout { fused_qkv: false, fused_gate_up: false, feed_forward_norm: "ffn_norm", output_norm: "output_norm" };

impl TensorLayout {
    /// The layout in GGUF files of an architecture.
    pub(crate) fn of(architecture: &str) -> Self {
        match architecture {
            "phi3" => Self { fused_qkv: true, fused_gate_up: true, ..PLAIN },
            "nomic-bert" => Self { fused_qkv: true, ..PLAIN },
            "gpt-oss" => Self { feed_forward_norm: "post_attention_norm", ..PLAIN },
            "lfm2" => Self { output_norm: "token_embd_norm", ..PLAIN },
            _ => PLAIN,
        }
    }
}

impl Default for TensorLayout {
    fn default() -> Self {
        PLAIN
    }
}
