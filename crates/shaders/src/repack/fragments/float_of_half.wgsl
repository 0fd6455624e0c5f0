// The bits of the f32 that those of an f16 stand for, in integers alone.
fn float_of_half(half: u32) -> u32 {
    let sign_bit = (half & 0x8000u) << 16u;
    let magnitude = half & 0x7fffu;
    if magnitude == 0u { return sign_bit; }
    // What is no number becomes a quiet one, as processors convert it.
    if magnitude >= 0x7c00u { return sign_bit | 0x7f800000u | (magnitude << 13u) | select(0u, 0x400000u, magnitude > 0x7c00u); }
    if magnitude >= 0x400u { return sign_bit | ((magnitude << 13u) + 0x38000000u); }
    let top = firstLeadingBit(magnitude);
    return sign_bit | (((top + 102u) << 23u) + (magnitude << (23u - top)));
}
