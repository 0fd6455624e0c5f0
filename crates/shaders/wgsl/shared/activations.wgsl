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
