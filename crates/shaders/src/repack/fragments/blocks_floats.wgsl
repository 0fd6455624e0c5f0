// Plain floats. A row of an odd number of 16-bit ones ends in half a word, and its last group may be short.
fn code_word(block: u32, group: u32, i: u32) -> u32 {
    let at = block + 4u * i;
    if at >= row_end { return 0u; }
    return word(at) & select(0xffffu, 0xffffffffu, at + 4u <= row_end);
}
