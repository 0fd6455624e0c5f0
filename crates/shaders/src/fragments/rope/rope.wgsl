// Rotary position embedding (Su et al. 2021): each pair of a head turns by position * frequency. Pairs stand side by side
// (pair_step 1, as GGUF stores llama) or half the rotated width apart.
#import trigonometry

// Value `i` of a head that begins at `head` in qkv, turned; `turn` is (cos, sin) of its pair.
fn turned(head: u32, i: u32, turn: vec2<f32>) -> f32 {
    let value = qkv[head + i];
    if i >= 2u * params.pairs { return value; }
    let is_first = select(i < params.pair_step, i % 2u == 0u, params.pair_step == 1u);
    if is_first { return value * turn.x - qkv[head + i + params.pair_step] * turn.y; }
    return qkv[head + i - params.pair_step] * turn.y + value * turn.x;
}

// The pair that value `i` of a head belongs to; any for those that don't turn.
fn pair_of(i: u32) -> u32 {
    return min(select(i % params.pair_step, i / 2u, params.pair_step == 1u), max(params.pairs, 1u) - 1u);
}

// (cos, sin) by which a pair turns.
fn turn_of(pair: u32, position: u32) -> vec2<f32> {
    return params.magnitude * cos_sin(f32(position) * frequencies[pair]);
}
