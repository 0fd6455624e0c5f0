// Codes of 4 bits whose numbers are 8 more than what they stand for. As in `quantize_row_q4_0_ref` of
// <https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>, the largest magnitude becomes -8 times the scale, so that the
// lowest code is used.
#import nibbles

fn chosen_scale(values: ptr<function, Group>, extreme: f32) -> f32 { return extreme * -0.125; }

fn nearest(value: vec4<f32>) -> vec4<u32> {
    // floor(value + 8.5), without a sum that could be rounded.
    let fixed = vec4<i32>(floor(value * 1048576.0)) + vec4(8912896);
    return vec4<u32>(clamp(fixed >> vec4(20u), vec4(0), vec4(15)));
}
