// Stores what attention comes to.
@group(0) @binding(7) var<storage, read_write> y: array<vec4<f32>>;

// A quad of a row, whose first value is value 4 * quad.
fn store_attended(row: u32, quad: u32, value: vec4<f32>, lane: u32, stores: bool) {
    if stores { y[row * params.y_stride / 4u + plane_quad(quad * 4u, params.y_groups)] = value; }
}
