// Random numbers that depend on their arguments alone.

// The output function of PCG (O'Neill 2014) on a linear congruential step.
fn pcg(value: u32) -> u32 {
    let state = value * 747796405u + 2891336453u;
    let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

// Standard Gumbel noise for candidate `index` of step `step`: the largest of logit + noise is a draw from softmax(logits).
fn gumbel(seed: u32, step: u32, index: u32) -> f32 {
    let random = pcg(index ^ pcg(step ^ pcg(seed)));
    let u = (f32(random >> 8u) + f32(random & 255u) * 0.00390625 + 0.001953125) * 5.9604645e-8;
    // -log(1 - u), exponentially distributed, as 2 atanh(z) where u is small: small u wins, and log(1 - u), which WGSL promises
    // to 2^-21 near 1, would leave the winner to the device.
    let z = u / (2.0 - u);
    let z2 = z * z;
    let series = 2.0 * z * (1.0 + z2 * (0.33333333 + z2 * (0.2 + z2 * (0.14285714 + z2 * 0.11111111))));
    let exponential = select(-log(1.0 - u), series, u < 0.25);
    return -log(exponential);
}
