// Groups of 32 weights or activations in signed codes of 8 bits, for integer dot products: values 0 to 15, then 16 to 31, four
// a word. Each format of weights tells how a group of its codes becomes one (`signed_codes`), and what its scales do to the sums
// of the two halves (`scaled`).
struct SignedCodes {
    low: vec4<u32>,
    high: vec4<u32>,
    scale: Scale,
}

// What `signed_codes` makes it of. Apart from it, so that nothing waits for a load that is needed later.
struct RawCodes {
    first: vec4<u32>,
    second: vec4<u32>,
    scale: vec2<u32>,
}

// Bytes below 128, less `bias`: none borrows from the next.
fn less(bytes: vec4<u32>, bias: u32) -> vec4<u32> {
    return ((bytes | vec4(0x80808080u)) - vec4(bias * 0x01010101u)) ^ vec4(0x80808080u);
}

fn dot16(a: vec4<u32>, b: vec4<u32>) -> i32 {
    // One after the other, since GPUs add a dot product to a sum in one step.
    return dot4I8Packed(a.w, b.w) + (dot4I8Packed(a.z, b.z) + (dot4I8Packed(a.y, b.y) + dot4I8Packed(a.x, b.x)));
}
