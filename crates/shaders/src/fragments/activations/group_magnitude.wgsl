// The largest magnitude of a group of 32 activations, and the steps between its codes.

// What is smaller counts as zero: a 127th of it would underflow.
const SMALLEST: f32 = 1e-35;

fn magnitude_of(q: array<vec4<f32>, 8>) -> f32 {
    let magnitudes = max(
        max(max(abs(q[0]), abs(q[1])), max(abs(q[2]), abs(q[3]))),
        max(max(abs(q[4]), abs(q[5])), max(abs(q[6]), abs(q[7]))),
    );
    return max(max(magnitudes.x, magnitudes.y), max(magnitudes.z, magnitudes.w));
}

fn step_of(largest: f32, steps: f32) -> f32 { return select(0.0, largest / steps, largest >= SMALLEST); }

fn inverse_of(largest: f32, steps: f32) -> f32 { return select(0.0, steps / largest, largest >= SMALLEST); }

fn sum_of_codes(codes: vec4<u32>) -> i32 {
    return dot4I8Packed(codes.w, 0x01010101u) + (dot4I8Packed(codes.z, 0x01010101u)
        + (dot4I8Packed(codes.y, 0x01010101u) + dot4I8Packed(codes.x, 0x01010101u)));
}
