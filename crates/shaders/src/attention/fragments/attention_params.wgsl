// What every attention kernel is given. `query` is row-major; y lies in planes.
struct Params {
    heads: u32,
    kv_heads: u32,
    head_pairs: u32,   // head width / 2
    query_stride: u32, // of query, or of qkv, in f32
    y_stride: u32,     // in f32
    y_groups: u32,     // groups of 32 in a row of y
    scale: f32,        // of the scores
    scales: u32,       // with ENCODE, the word of y in which the scales begin
    splits: u32,       // splits that there is room for in `partials` (`attention_split`, `attention_combine`)
    pairs: u32,        // rotated pairs of a head (`attention_split` with ROPE, like the next two)
    pair_step: u32,    // from the first to the second of a rotated pair; 1: side by side
    magnitude: f32,    // the rotated pairs are scaled by this
    soft_cap: f32,     // n > 0: a score s becomes n * tanh(s / n)
    window: u32,       // n > 0: a token sees itself and the n - 1 before it, else all before it
    sinks: u32,        // 1: each head has a score that takes its share and gives nothing (Xiao et al. 2023)
    block_chunks: u32, // chunks from one block of the cache to the next (this and the next two: `KvAddressing`)
    table_stride: u32, // entries of a block table from one block of tokens to the next
    table_offset: u32, // the layer's own among them
}
#import step
#import activation

// The first position that a token sees.
fn first_seen(position: u32) -> u32 {
    return select(0u, position + 1u - min(params.window, position + 1u), params.window > 0u);
}

fn capped(score: f32) -> f32 {
    if params.soft_cap == 0.0 { return score; }
    return params.soft_cap * bounded_tanh(score / params.soft_cap);
}
