// Keys and values of 8 bits, whose scales are of groups: 16 invocations make a group, the first of 32 writes the halves of two.
#import q8
alias KvWord = u32;

var<workgroup> magnitudes: array<f32, 64>;
var<workgroup> codes: array<u32, 64>; // two each

// Invocations for a head: whole words of halves, so that no group is of two workgroups.
fn lanes_of_head() -> u32 { return (params.head_pairs + 31u) / 32u * 32u; }

fn largest_of_group(first: u32) -> f32 {
    var largest = 0.0;
    for (var i = 0u; i < 16u; i++) { largest = max(largest, magnitudes[first + i]); }
    return largest;
}

fn append(row: Token, kept: Kept, values: vec2<f32>, lane: u32) {
    magnitudes[lane] = max(abs(values.x), abs(values.y));
    workgroupBarrier();
    let group = lane / 16u * 16u;
    codes[lane] = code_word(vec4(values, 0.0, 0.0), to_codes(largest_of_group(group)));
    workgroupBarrier();
    if !kept.is_kept || kept.pair % 2u == 1u { return; }
    let chunks = (params.head_pairs + 3u) / 4u;
    let chunk = kept.pair / 4u;
    let word = codes[lane] | (codes[lane + 1u] << 16u);
    let has_halves = kept.pair % 32u == 0u;
    var halves = 0u;
    if has_halves { halves = pack_pair(vec2(largest_of_group(group), largest_of_group(group + 16u))); }
    if kept.is_key {
        let key = key_chunk(row.table, row.position, kept.head, chunks);
        k_cache[2u * (key + chunk * BLOCK_TOKENS) + kept.pair % 4u / 2u] = word;
        if has_halves { k_cache[key_scale_word(key, row.position, chunks, chunk)] = halves; }
    } else {
        let value = value_chunk(row.table, row.position, kept.head, chunks);
        v_cache[2u * value + kept.pair / 2u] = word;
        if has_halves { v_cache[value_scale_word(value, row.position, chunks, chunk)] = halves; }
    }
}
