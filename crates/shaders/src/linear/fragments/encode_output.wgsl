// What a workgroup of `matvec_integer` does with a group of 32 values of each token: it adds them to y where they accumulate, and
// encodes them for the matrix that comes next, as `quantise` does (see quantise_codes.wgsl).
#import codes
@group(0) @binding(8) var<storage, read_write> codes_y: array<u32>;
@group(0) @binding(9) var<storage, read_write> scales_y: array<vec2<f32>>;
@group(0) @binding(10) var<storage, read> next_norm: array<vec4<f32>>; // with `next_norm` 1

// [token][value], [token][quad]
var<workgroup> made_values: array<f32, COLUMNS * 32u>;
var<workgroup> magnitudes: array<f32, COLUMNS * QUADS>;
var<workgroup> sums_of_quads: array<vec2<f32>, COLUMNS * QUADS>;

// What the invocation adds its value to, and the weights of its quad: under way while weights are multiplied.
var<private> kept: f32;
var<private> quad_norm: vec4<f32>;

fn y_at(column: u32, row: u32) -> u32 { return column * params.y_stride + plane_index(row, params.y_groups); }

fn load_ahead(first_row: u32, first_column: u32, index: u32) {
    let row = first_row + index / COLUMNS;
    let column = first_column + index % COLUMNS;
    if params.accumulate != 0u && index < 32u * COLUMNS && row < params.rows && column < params.columns {
        kept = y[y_at(column, row)];
    }
    if params.next_norm != 0u { quad_norm = next_norm[index % QUADS * params.y_groups + first_row / 32u]; }
}

fn finish(first_column: u32, c: u32, row: u32, plain: f32) {
    let column = first_column + c;
    var value = 0.0;
    if row < params.rows && column < params.columns {
        value = finished(plain);
        if params.accumulate != 0u {
            value += kept;
            y[y_at(column, row)] = value;
        }
    }
    made_values[c * 32u + row % 32u] = value;
}

fn encode(group: u32, first_column: u32, index: u32) {
    workgroupBarrier();
    let c = min(index / QUADS, COLUMNS - 1u);
    let quad = index % QUADS;
    let own = c * QUADS + quad;
    let at = c * 32u + quad * 4u;
    var value = vec4(made_values[at], made_values[at + 1u], made_values[at + 2u], made_values[at + 3u]);
    let square = dot(value, value);
    if params.next_norm != 0u { value *= quad_norm; }
    if index < COLUMNS * QUADS {
        let magnitude = abs(value);
        magnitudes[own] = max(max(magnitude.x, magnitude.y), max(magnitude.z, magnitude.w));
    }
    workgroupBarrier();
    var largest = 0.0;
    for (var i = 0u; i < QUADS; i++) { largest = max(largest, magnitudes[c * QUADS + i]); }
    let words = quad_codes(value, inverse_of(largest, LARGEST_CODE));
    let column = first_column + c;
    let stores = index < COLUMNS * QUADS && column < params.columns;
    if stores {
#for p CODE_PLANES
        codes_y[((column * CODE_QUADS + 2u * $pu + quad / 4u) * params.y_groups + group) * 4u + quad % 4u] = words[$p];
#endfor
        sums_of_quads[own] = vec2(f32(sum_of_quad(words)), square);
    }
    workgroupBarrier();
    if stores && quad == 0u {
        var sums = vec2<f32>();
        for (var i = 0u; i < QUADS; i++) { sums += sums_of_quads[own + i]; }
        let scale = step_of(largest, LARGEST_CODE);
        scales_y[column * params.y_groups + group] = vec2(scale, scale * sums.x);
        scales_y[(params.columns + column) * params.y_groups + group] = vec2(sums.y, 0.0);
    }
}
