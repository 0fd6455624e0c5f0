// Puts the key and the value of the row's own token into the cache.
fn append(row: Token, kv_head: u32, lane: u32, own: OwnChunk) {
    let chunks = params.head_pairs / 4u;
    let chunk = lane % MAX_CHUNKS;
    if lane >= 2u * MAX_CHUNKS || chunk >= chunks { return; }
    if lane < MAX_CHUNKS {
        let key = key_chunk(row.table, row.position, kv_head, chunks) + chunk * BLOCK_TOKENS;
        k_cache[key] = kv_chunk(turned_quad(own.low, chunk * 8u), turned_quad(own.high, chunk * 8u + 4u));
    } else {
        let value = 2u * (value_chunk(row.table, row.position, kv_head, chunks) + chunk);
        v_cache[value] = kv_quad(own.low.own);
        v_cache[value + 1u] = kv_quad(own.high.own);
    }
}
