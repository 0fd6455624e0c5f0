// Codes of a few bits, in planes of four bits, of two and of one (see `Codes` in src/format.rs). A format is made of its planes,
// of what its codes stand for, and of its scales.
#import code_planes
#import code_values
#import code_scales

// Bits of `word` that begin at bit `from_bit` of every byte, moved to begin at bit `to_bit`; `ones` are they at bit 0.
fn moved(word: u32, from_bit: u32, to_bit: u32, ones: u32) -> u32 {
    if from_bit < to_bit { return (word << (to_bit - from_bit)) & (ones << to_bit); }
    return (word >> (from_bit - to_bit)) & (ones << to_bit);
}

// The words of a group's codes.
struct Planes {
    a: vec4<u32>,
    b: vec2<u32>,
}

// Two words a group, of a plane that comes after `planes` planes of four words.
fn pair_of_words(row: WeightRow, group: u32, planes: u32) -> vec2<u32> {
#ifdef WIDE
    let pairs = codes[row.codes + planes * row.groups + group / 2u];
    return select(pairs.xy, pairs.zw, (group & 1u) == 1u);
#else
    let at = row.codes + (row.groups * 4u * planes + group * 2u) * INTERLEAVE;
    return vec2(codes[at], codes[at + INTERLEAVE]);
#endif
}

#ifdef ODD_BIT
fn scale_words(groups: u32) -> u32 { return pure_scale_words(groups) + groups + TABLE_WORDS; }

// The highest bit of each code of a group.
fn odd_bits(row: WeightRow, group: u32) -> u32 {
    return scales[row.scales + (pure_scale_words(row.groups) + group) * INTERLEAVE];
}
#else
fn scale_words(groups: u32) -> u32 { return pure_scale_words(groups) + TABLE_WORDS; }
#endif

fn low_quad(quarter: u32) -> u32 { return quarter; }
fn high_quad(quarter: u32) -> u32 { return quarter + 4u; }

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: Scale) -> Weights8 {
    let c = codes8(row, group, quarter);
    return Weights8(weights4(values4(c.x), scale, 0u), weights4(values4(c.y), scale, 1u));
}

#ifdef INTEGER
struct SignedHalves {
    low: vec4<u32>,
    high: vec4<u32>,
}

fn raw_codes(row: WeightRow, group: u32) -> RawCodes {
    let p = planes_of(row, group);
    return RawCodes(p.a, vec4(p.b, 0u, 0u), scale_bits(row, group));
}

fn signed_codes(raw: RawCodes, group: u32) -> SignedCodes {
    let halves = signed_halves(Planes(raw.first, raw.second.xy));
    return SignedCodes(halves.low, halves.high, scale_of(raw.scale, group));
}
#endif
#ifdef FLOAT_TILES
fn raw_half(row: WeightRow, group: u32, half: u32) -> RawHalf {
    let p = planes_of(row, group);
    return RawHalf(p.a, vec4(p.b, 0u, 0u), vec4<u32>(), vec4<u32>(), scale_bits(row, group));
}

fn weights16(raw: RawHalf, group: u32, half: u32) -> Weights16 {
    let p = Planes(raw.a, raw.b.xy);
    let scale = scale_of(raw.scale, group);
    let low = vec4(codes4(p, 0u, 0u), codes4(p, 1u, 0u), codes4(p, 2u, 0u), codes4(p, 3u, 0u));
    let high = vec4(codes4(p, 4u, 0u), codes4(p, 5u, 0u), codes4(p, 6u, 0u), codes4(p, 7u, 0u));
    let c = select(low, high, half == 1u);
    return Weights16(
        weights4(values4(c.x), scale, half),
        weights4(values4(c.y), scale, half),
        weights4(values4(c.z), scale, half),
        weights4(values4(c.w), scale, half),
    );
}
#endif
