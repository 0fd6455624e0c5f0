// Signed codes of 8 bits, as `quantize_row_q8_0_ref` of <https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c> has them.
const CODE_WORDS: u32 = 8u;

fn chosen_scale(values: ptr<function, Group>, extreme: f32) -> f32 { return divided(abs(extreme), 127.0); }

fn nearest(value: vec4<f32>) -> vec4<u32> {
    let code = clamp(vec4(rounded(value.x), rounded(value.y), rounded(value.z), rounded(value.w)), vec4(-127.0), vec4(127.0));
    return bitcast<vec4<u32>>(vec4<i32>(code)) & vec4(0xffu);
}

fn code_word(codes: ptr<function, array<vec4<u32>, 8>>, word: u32) -> u32 {
    let c = (*codes)[word];
    return (c.x | (c.y << 8u)) | ((c.z << 16u) | (c.w << 24u));
}
