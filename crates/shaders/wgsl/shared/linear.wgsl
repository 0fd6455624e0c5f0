// What every kernel for y = weight * x is given. x and y are row-major, a row a token; x is padded with zeros to whole
// groups of 32.
struct Params {
    rows: u32,     // of the weight: values of y that this dispatch makes for each token
    groups: u32,   // groups of 32 in a row of the weight
    columns: u32,  // tokens
    x_stride: u32, // in vec4
    y_stride: u32, // in f32
    y_offset: u32, // where in a row of y this dispatch's values begin
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> codes: array<u32>;
#ifdef SCALES
@group(0) @binding(2) var<storage, read> scales: array<u32>;
#endif
@group(0) @binding(3) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
#import weight
