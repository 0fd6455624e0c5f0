// Q4_0: scale * (code - 8), codes of 4 bits.
#import nibbles
#import scale_pairs

fn weights8(row: WeightRow, group: u32, quarter: u32, scale: vec2<f32>) -> Weights8 {
    let c = nibbles(row, group, quarter);
    return Weights8(scale.x * (c.low - 8.0), scale.x * (c.high - 8.0));
}
