// Puts the key and the value of the row's own token into the cache, in 8 bits: an invocation takes a chunk, first of the key, then
// of the value; four of them make a group with one scale, and the first of eight writes the halves of two.
var<workgroup> magnitudes: array<f32, 2u * MAX_CHUNKS>;

fn largest_of_group(first: u32) -> f32 {
    return largest_of(vec4(magnitudes[first], magnitudes[first + 1u], magnitudes[first + 2u], magnitudes[first + 3u]));
}

fn append(row: Token, kv_head: u32, lane: u32, own: OwnChunk) {
    let chunks = params.head_pairs / 4u;
    let chunk = lane % MAX_CHUNKS;
    let is_key = lane < MAX_CHUNKS;
    let is_chunk = lane < 2u * MAX_CHUNKS && chunk < chunks;
    var low = vec4<f32>();
    var high = vec4<f32>();
    if is_chunk && is_key {
        low = turned_quad(own.low, chunk * 8u);
        high = turned_quad(own.high, chunk * 8u + 4u);
    } else if is_chunk {
        low = own.low.own;
        high = own.high.own;
    }
    if lane < 2u * MAX_CHUNKS { magnitudes[lane] = max(largest_of(low), largest_of(high)); }
    workgroupBarrier();
    if !is_chunk { return; }
    let group = lane / GROUP_CHUNKS * GROUP_CHUNKS;
    let largest = largest_of_group(group);
    let factor = to_codes(largest);
    let has_halves = chunk % (2u * GROUP_CHUNKS) == 0u;
    var halves = 0u;
    if has_halves { halves = pack_pair(vec2(largest, largest_of_group(group + GROUP_CHUNKS))); }
    if is_key {
        let key = key_chunk(row.table, row.position, kv_head, chunks);
        k_cache[key + chunk * BLOCK_TOKENS] = vec2(code_word(low, factor), code_word(high, factor));
        let word = key_scale_word(key, row.position, chunks, chunk);
        // The token's neighbour has the other component, and nobody writes that now.
        if has_halves && word % 2u == 0u { k_cache[word / 2u].x = halves; }
        if has_halves && word % 2u == 1u { k_cache[word / 2u].y = halves; }
    } else {
        let value = value_chunk(row.table, row.position, kv_head, chunks);
        v_cache[2u * (value + chunk)] = code_word(low, factor);
        v_cache[2u * (value + chunk) + 1u] = code_word(high, factor);
        if has_halves { v_cache[value_scale_word(value, row.position, chunks, chunk)] = halves; }
    }
}
