// What a group of 32 weights is multiplied with, and the sums of its halves.
struct Activations32 {
    q0: vec4<f32>,
    q1: vec4<f32>,
    q2: vec4<f32>,
    q3: vec4<f32>,
    q4: vec4<f32>,
    q5: vec4<f32>,
    q6: vec4<f32>,
    q7: vec4<f32>,
    low_sum: f32,
    high_sum: f32,
}

fn activations32(q: array<vec4<f32>, 8>) -> Activations32 {
    let low = total((q[0] + q[1]) + (q[2] + q[3]));
    let high = total((q[4] + q[5]) + (q[6] + q[7]));
    return Activations32(q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7], low, high);
}
