// The KV cache: blocks of tokens, reached through a block table. Keys and values are pairs of f16 in a u32.

const BLOCK_TOKENS: u32 = 16u;

// The token slot in which the key and value of `position` lie, for the sequence whose table begins at `table`.
fn kv_slot(table: u32, position: u32) -> u32 {
    return tables[table + position / BLOCK_TOKENS] * BLOCK_TOKENS + position % BLOCK_TOKENS;
}
