// Rotary position embedding (Su et al. 2021): each pair of a head turns by position * frequency. Pairs stand side by side
// (pair_step 1, as GGUF stores llama) or half the rotated width apart.
#import trigonometry

fn is_first_of_pair(i: u32) -> bool { return select(i < params.pair_step, i % 2u == 0u, params.pair_step == 1u); }

// Which value of a head value `i` turns with; itself for those that don't turn.
fn partner_of(i: u32) -> u32 {
    if i >= 2u * params.pairs { return i; }
    return select(i - params.pair_step, i + params.pair_step, is_first_of_pair(i));
}

// Value `i` of a head, turned; `other` is its partner, and `turn` is (cos, sin) of its pair.
fn turned(own: f32, other: f32, i: u32, turn: vec2<f32>) -> f32 {
    if i >= 2u * params.pairs { return own; }
    return own * turn.x + select(other, -other, is_first_of_pair(i)) * turn.y;
}

// The pair that value `i` of a head belongs to; any for those that don't turn.
fn pair_of(i: u32) -> u32 {
    let apart = select(i, i - params.pair_step, i >= params.pair_step);
    return min(select(apart, i / 2u, params.pair_step == 1u), max(params.pairs, 1u) - 1u);
}

// (cos, sin) by which a pair turns.
fn turn_of(pair: u32, position: u32) -> vec2<f32> {
    return params.magnitude * cos_sin(f32(position) * frequencies[pair]);
}
