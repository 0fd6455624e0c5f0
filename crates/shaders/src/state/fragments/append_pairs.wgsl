// Keys and values that an invocation writes by itself.
#import kv_values
alias KvWord = KvPair;

// Invocations for a head.
fn lanes_of_head() -> u32 { return params.head_pairs; }

fn append(row: Token, kept: Kept, values: vec2<f32>, lane: u32) {
    if !kept.is_kept { return; }
    let chunks = (params.head_pairs + 3u) / 4u;
    if kept.is_key {
        let chunk = key_chunk(row.table, row.position, kept.head, chunks) + kept.pair / 4u * BLOCK_TOKENS;
        k_cache[chunk * 4u + kept.pair % 4u] = kv_pair(values);
    } else {
        v_cache[value_chunk(row.table, row.position, kept.head, chunks) * 4u + kept.pair] = kv_pair(values);
    }
}
