// The KV cache: blocks of tokens, reached through a block table. Keys and values are padded to whole chunks of eight values a
// head.
// Keys: [block][KV head][chunk][token in block][8 values], so that neighbouring invocations that take neighbouring tokens read
// one sweep. Values: [block][KV head][token in block][chunk][8 values], for those that take neighbouring values of a token.
// Formats with scales have those of a head of a block after its chunks.
// Groups of layers share buffers, a block of which belongs to one group, and block tables, where the entries of all groups for
// the same tokens are neighbours. The parameters of whatever imports this have the three numbers of `KvAddressing`.

const BLOCK_TOKENS: u32 = 16u;

// Where the keys, and the values, of a head of the block of `position` begin, in chunks.
fn kv_block(table: u32, position: u32, head: u32, chunks: u32) -> u32 {
    let block = tables[table + position / BLOCK_TOKENS * params.table_stride + params.table_offset];
    return block * params.block_chunks + head * (BLOCK_TOKENS * chunks + scale_chunks(chunks));
}

// Where the first chunk of the keys of `position` lies, in chunks; the next is BLOCK_TOKENS further.
fn key_chunk(table: u32, position: u32, head: u32, chunks: u32) -> u32 {
    return kv_block(table, position, head, chunks) + position % BLOCK_TOKENS;
}

// Where the first chunk of the values of `position` lies, in chunks; the next follows it.
fn value_chunk(table: u32, position: u32, head: u32, chunks: u32) -> u32 {
    return kv_block(table, position, head, chunks) + position % BLOCK_TOKENS * chunks;
}
