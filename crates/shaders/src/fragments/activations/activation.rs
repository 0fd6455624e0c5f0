//! Activations of feed-forward networks.

/// A function of a feed-forward network, by its number in `activation.wgsl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Activation {
    /// The value as it is.
    #[default]
    None = 0,
    /// `x * sigmoid(x)`: SwiGLU's (Shazeer 2020).
    Silu = 1,
    /// By tanh (Hendrycks and Gimpel 2016), as all who have it in f32 compute it.
    Gelu = 2,
    /// gpt-oss's SwiGLU: the gate up to 7, `g * sigmoid(1.702 g) * (value between -7 and 7, plus 1)`. For gates alone.
    ClampedSwiglu = 3,
    /// The hyperbolic tangent, of classifiers.
    Tanh = 4,
}

impl Activation {
    /// The function of a number in parameters.
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Silu,
            2 => Self::Gelu,
            3 => Self::ClampedSwiglu,
            4 => Self::Tanh,
            _ => Self::None,
        }
    }

    /// `activation(x)`, the reference.
    #[must_use]
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::None | Self::ClampedSwiglu => x,
            Self::Tanh => x.tanh(),
            Self::Silu => x / (1.0 + (-x).exp()),
            Self::Gelu => x / (1.0 + (-1.595_769_121_605_730_8 * x * (1.0 + 0.044_715 * x * x)).exp()),
        }
    }

    /// `activation(gate) * value`, the reference.
    #[must_use]
    pub fn gate(self, gate: f64, value: f64) -> f64 {
        match self {
            Self::ClampedSwiglu => {
                let gate = gate.min(7.0);
                gate / (1.0 + (-1.702 * gate).exp()) * (value.clamp(-7.0, 7.0) + 1.0)
            }
            _ => self.apply(gate) * value,
        }
    }
}
