// Codes looked up as bytes for integer dot products: two at a time where two of four bits stand in a byte, the lower in byte 0 of
// an entry and the higher in byte 2, else one by one.
#ifdef PAIRS_IN_BYTES
const ENTRIES: u32 = 256u;
var<workgroup> values: array<u32, 16>;
#else
const ENTRIES: u32 = 16u;
#endif
var<workgroup> table: array<u32, ENTRIES>;

fn byte_of_table(i: u32, groups: u32) -> u32 { return u32(table_value(i, groups)) & 0xffu; }

#ifdef PAIRS_IN_BYTES
fn fill_table(index: u32, groups: u32) {
    if index < 16u { values[index] = byte_of_table(index, groups); }
    workgroupBarrier();
    for (var i = index; i < ENTRIES; i += TABLE_LANES) { table[i] = values[i & 15u] | (values[i >> 4u] << 16u); }
}

// What the lower and what the higher codes in the bytes of a word stand for.
fn look_up_pairs(word: u32) -> vec2<u32> {
    let first = table[word & 0xffu] | (table[(word >> 8u) & 0xffu] << 8u);
    let second = table[(word >> 16u) & 0xffu] | (table[word >> 24u] << 8u);
    return vec2((first & 0xffffu) | (second << 16u), (first >> 16u) | (second & 0xffff0000u));
}

fn signed_halves(p: Planes) -> SignedHalves {
    let a = look_up_pairs(p.a.x);
    let b = look_up_pairs(p.a.y);
    let c = look_up_pairs(p.a.z);
    let d = look_up_pairs(p.a.w);
    return SignedHalves(vec4(a.x, b.x, c.x, d.x), vec4(a.y, b.y, c.y, d.y));
}
#else
fn fill_table(index: u32, groups: u32) {
    if index < ENTRIES { table[index] = byte_of_table(index, groups); }
}

fn entry(codes: u32, i: u32) -> u32 { return table[(codes >> (8u * i)) & 0x0fu]; }

fn look_up(codes: u32) -> u32 {
    return (entry(codes, 0u) | (entry(codes, 1u) << 8u)) | ((entry(codes, 2u) << 16u) | (entry(codes, 3u) << 24u));
}

fn signed_halves(p: Planes) -> SignedHalves {
    return SignedHalves(
        vec4(look_up(codes4(p, 0u, 0u)), look_up(codes4(p, 1u, 0u)), look_up(codes4(p, 2u, 0u)), look_up(codes4(p, 3u, 0u))),
        vec4(look_up(codes4(p, 4u, 0u)), look_up(codes4(p, 5u, 0u)), look_up(codes4(p, 6u, 0u)), look_up(codes4(p, 7u, 0u))),
    );
}
#endif

fn values4(codes: u32) -> vec4<f32> {
    return vec4<f32>(
        f32(extractBits(bitcast<i32>(table[codes & 15u]), 0u, 8u)),
        f32(extractBits(bitcast<i32>(table[(codes >> 8u) & 15u]), 0u, 8u)),
        f32(extractBits(bitcast<i32>(table[(codes >> 16u) & 15u]), 0u, 8u)),
        f32(extractBits(bitcast<i32>(table[codes >> 24u]), 0u, 8u)),
    );
}
