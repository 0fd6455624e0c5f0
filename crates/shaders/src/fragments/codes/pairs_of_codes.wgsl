// Four codes, two in each word, at the top of bytes 0 and 2.
fn pairs4(p: Planes, quad: u32) -> vec2<u32> {
    let top = codes4(p, quad, 8u - CODE_BITS);
    return vec2(top, top >> 8u) & vec2(0x00ff00ffu);
}
