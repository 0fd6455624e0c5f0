// For formats whose scales are two numbers a group at most, and none of them a minimum of half a group.
alias Scale = vec2<f32>;

#ifdef INTEGER
// What integer activations are scaled with: their scale, and the sum of their values.
alias XScale = vec2<f32>;

fn x_scale_of(scale: vec2<f32>, low: vec4<u32>) -> XScale { return scale; }

fn x_scale(scale: f32, low_sum: f32, high_sum: f32) -> XScale { return vec2(scale, low_sum + high_sum); }
#endif
