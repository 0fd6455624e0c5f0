// The KV cache: blocks of tokens, reached through a block table. Keys and values are padded to whole chunks of eight values a
// head.
// Keys: [block][KV head][chunk][token in block][8 values], so that neighbouring invocations that take neighbouring tokens read
// one sweep. Values: [block][KV head][token in block][chunk][8 values], for those that take neighbouring values of a token.

const BLOCK_TOKENS: u32 = 16u;

// Where the keys, and the values, of a head of a block begin, in chunks.
fn kv_block(table: u32, position: u32, head: u32, kv_heads: u32, chunks: u32) -> u32 {
    return (tables[table + position / BLOCK_TOKENS] * kv_heads + head) * BLOCK_TOKENS * chunks;
}

// Where the first chunk of the keys of `position` lies, in chunks; the next is BLOCK_TOKENS further.
fn key_chunk(table: u32, position: u32, head: u32, kv_heads: u32, chunks: u32) -> u32 {
    return kv_block(table, position, head, kv_heads, chunks) + position % BLOCK_TOKENS;
}

// Where the first chunk of the values of `position` lies, in chunks; the next follows it.
fn value_chunk(table: u32, position: u32, head: u32, kv_heads: u32, chunks: u32) -> u32 {
    return kv_block(table, position, head, kv_heads, chunks) + position % BLOCK_TOKENS * chunks;
}
