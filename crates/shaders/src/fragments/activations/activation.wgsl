// Activations of feed-forward networks, by the number that parameters have them by.
const SILU: u32 = 1u;
const GELU: u32 = 2u;
const CLAMPED_SWIGLU: u32 = 3u; // gpt-oss's
const TANH: u32 = 4u;

// 1 from 10 on to the last bit; for much larger ones some drivers give NaN.
fn bounded_tanh(v: f32) -> f32 { return tanh(clamp(v, -10.0, 10.0)); }

// exp of a large number is an infinity, which WGSL leaves undefined; past 80 the quotient is 0 all the same.
fn sigmoid(v: f32) -> f32 { return 1.0 / (1.0 + exp(min(-v, 80.0))); }

fn activated(kind: u32, v: f32) -> f32 {
    if kind == SILU { return v / (1.0 + exp(min(-v, 80.0))); }
    // Hendrycks and Gimpel 2016, by tanh; 1 + tanh(u) is 2 * sigmoid(2 * u), which loses nothing where tanh nears -1.
    if kind == GELU { return v * sigmoid(1.5957691216 * v * (1.0 + 0.044715 * v * v)); }
    if kind == TANH { return bounded_tanh(v); }
    return v;
}

// activation(gate) * value.
fn gated(kind: u32, gate: f32, value: f32) -> f32 {
    if kind == CLAMPED_SWIGLU {
        let bounded = min(gate, 7.0);
        return bounded * sigmoid(1.702 * bounded) * (clamp(value, -7.0, 7.0) + 1.0);
    }
    return activated(kind, gate) * value;
}
