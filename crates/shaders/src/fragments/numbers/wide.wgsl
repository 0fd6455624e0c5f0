// 64-bit unsigned numbers as (low, high) words.

fn wide_add(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = a.x + b.x;
    return vec2<u32>(low, a.y + b.y + u32(low < a.x));
}

fn wide_subtract(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(a.x - b.x, a.y - b.y - u32(a.x < b.x));
}

fn wide_less(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.y < b.y || (a.y == b.y && a.x < b.x);
}

// `value` in units of 2^32, not negative.
fn wide(value: f32) -> vec2<u32> {
    let high = floor(value);
    return vec2<u32>(u32((value - high) * 4294967296.0), u32(high));
}

// In units of 2^32.
fn wide_to_f32(value: vec2<u32>) -> f32 {
    return f32(value.y) + f32(value.x) * 2.3283064e-10;
}
