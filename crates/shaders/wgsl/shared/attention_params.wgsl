// What every attention kernel is given. `query` is row-major; y lies in planes.
struct Params {
    heads: u32,
    kv_heads: u32,
    head_pairs: u32,   // head width / 2
    query_stride: u32, // of query, or of qkv, in f32
    y_stride: u32,     // in f32
    y_groups: u32,     // groups of 32 in a row of y
    scale: f32,        // of the scores
    splits: u32,       // splits that there is room for in `partials` (`attention_split`, `attention_combine`)
    pairs: u32,        // rotated pairs of a head (`attention_split` with ROPE, like the next two)
    pair_step: u32,    // from the first to the second of a rotated pair; 1: side by side
    magnitude: f32,    // the rotated pairs are scaled by this
}
#import rows
