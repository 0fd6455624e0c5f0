// Words of codes of 4 bits: see planes_4.wgsl.
const CODE_WORDS: u32 = 4u;

fn code_word(codes: ptr<function, array<vec4<u32>, 8>>, word: u32) -> u32 {
    let c = (*codes)[word] | ((*codes)[word + 4u] << vec4(4u));
    return (c.x | (c.y << 8u)) | ((c.z << 16u) | (c.w << 24u));
}
