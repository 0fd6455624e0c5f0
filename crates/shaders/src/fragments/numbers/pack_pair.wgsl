// What f16 cannot hold becomes its largest value: packing it is undefined, and an infinity would spread.
fn pack_pair(pair: vec2<f32>) -> u32 {
    return pack2x16float(clamp(pair, vec2(-65504.0), vec2(65504.0)));
}
