// Puts the key and the value of the row's own token into the cache.
fn append(row: Token, kv_head: u32, lane: u32) {
    let quads = params.head_pairs / 2u;
    let chunks = quads / 2u;
    if lane < chunks {
        let key = (params.heads + kv_head) * params.head_pairs * 2u;
        let chunk = key_chunk(row.table, row.position, kv_head, chunks) + lane * BLOCK_TOKENS;
        k_cache[chunk] = kv_chunk(turned_quad(key, lane * 8u), turned_quad(key, lane * 8u + 4u));
    } else if lane >= MAX_QUADS && lane < MAX_QUADS + quads {
        let quad = lane - MAX_QUADS;
        let chunk = value_chunk(row.table, row.position, kv_head, chunks);
        v_cache[chunk * 2u + quad] = kv_quad(quad_of_value(kv_head, quad));
    }
}
