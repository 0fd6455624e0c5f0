// What every attention kernel is given. `query` is row-major; y lies in planes.
struct Params {
    heads: u32,
    kv_heads: u32,
    head_pairs: u32,   // head width / 2
    query_stride: u32, // in f32
    y_stride: u32,     // in f32
    y_groups: u32,     // groups of 32 in a row of y
    scale: f32,        // of the scores
    splits: u32,       // splits that there is room for in `partials` (`attention_split`, `attention_combine`)
}
#import rows
