// The products of `matvec_integer` and `matvec_integer_pair` that a workgroup makes.
#import product
#import linear

const LANES: u32 = 32u;
// One more, so that neighbouring sums lie in different banks.
const PARTS: u32 = WORKGROUP_SIZE + 1u;
// [sum][invocation], SUMS at a time
var<workgroup> partials: array<f32, SUMS * PARTS>;
// [block][row and column]
var<workgroup> totals: array<f32, BLOCKS * ROWS * COLUMNS>;
// [token][lane]: of the squares of x
var<workgroup> squares: array<f32, COLUMNS * LANES>;
var<workgroup> norm_scales: array<f32, COLUMNS>;

// The row of x of the c-th token; tokens past the last repeat it.
fn x_of(first_column: u32, c: u32) -> u32 { return min(first_column + c, params.columns - 1u); }

fn activations(row: u32, group: u32) -> Activations32 {
    var quads: array<vec4<u32>, X_QUADS>;
#for k X_QUADS
    quads[$k] = codes_x[(row * X_QUADS + $ku) * params.groups + group];
#endfor
    return activations32(quads, scales_x[row * params.groups + group]);
}

// Which row of the weight is the i-th of those whose rows of y begin at `first`; the weight's own begin at `offset`.
fn row_of(first: u32, offset: u32, i: u32) -> u32 {
    if params.gate_rows == 0u { return min(first + i, params.rows - 1u) - offset; }
    let half = ROWS / 2u;
    return min(first + i % half, params.rows - 1u) + i / half * params.gate_rows;
}

fn total_of(sum: u32, block: u32) -> f32 {
    let first = sum * PARTS + block * LANES;
    var four = vec4<f32>();
    for (var i = first; i < first + LANES; i += 4u) {
        four += vec4(partials[i], partials[i + 1u], partials[i + 2u], partials[i + 3u]);
    }
    return (four.x + four.y) + (four.z + four.w);
}

// What the norm before scales a token by.
fn norm_scale(c: u32) -> f32 {
    if params.norm_width == 0u { return 1.0; }
    var four = vec4<f32>();
    for (var i = c * LANES; i < (c + 1u) * LANES; i += 4u) {
        four += vec4(squares[i], squares[i + 1u], squares[i + 2u], squares[i + 3u]);
    }
    let sum = (four.x + four.y) + (four.z + four.w);
    return inverseSqrt(sum / f32(params.norm_width) + params.epsilon);
}

#ifdef ENCODE
#import encode_output
#else
fn finish(first_column: u32, c: u32, row: u32, value: f32) {
    if row < params.rows && first_column + c < params.columns { store_value(first_column + c, row, value); }
}
#endif

// Outputs that 32 invocations make together.
fn block_outputs() -> u32 { return select(ROWS, ROWS / 2u, params.gate_rows != 0u); }

// Makes the products of some blocks from `first_block` on and some tokens from `first_column` on, with the weight whose rows of y begin
// at `offset`.
fn multiply(first_block: u32, first_column: u32, offset: u32, index: u32) {
    let outputs = block_outputs();
    let first = (first_block + index / LANES) * outputs;
    let lane = index % LANES;
    prepare_weights(index, params.groups);
    let last = params.groups - 1u;
#for r ROWS
    let weight$r = weight_row(row_of(first, offset, $ru), params.groups);
    var raw$r = raw_codes(weight$r, min(lane, last));
#endfor
#ifdef AHEAD
#for c COLUMNS
    var x$c = activations(x_of(first_column, $cu), min(lane, last));
#endfor
#endif
#ifdef ENCODE
    load_ahead(first_block * outputs, first_column, index);
#endif
    if params.norm_width != 0u {
        for (var c = index / LANES; c < COLUMNS; c += BLOCKS) {
            let row = (params.columns + x_of(first_column, c)) * params.groups;
            var sum = 0.0;
            for (var g = lane; g < params.groups; g += LANES) { sum += scales_x[row + g].x; }
            squares[c * LANES + lane] = sum;
        }
    }
    var sums: array<f32, ROWS * COLUMNS>;
    for (var g = lane; g < params.groups; g += LANES) {
#ifdef AHEAD
        let own = g;
#else
        // A bound that holds anyway. With it, steps of 16 tokens of 8B Q4_K_M took 8.1 ms on an H200, and without it 8.9, though on
        // another card: it may help the compiler with its registers.
        let own = min(g, last);
#endif
#for r ROWS
        let codes$r = signed_codes(raw$r, own);
        // Under way while this group is multiplied.
        raw$r = raw_codes(weight$r, min(g + LANES, last));
#endfor
#for c COLUMNS
        {
#ifdef AHEAD
            let x = x$c;
            x$c = activations(x_of(first_column, $cu), min(g + LANES, last));
#else
            let x = activations(x_of(first_column, $cu), own);
#endif
#for r ROWS
            sums[$ru * COLUMNS + $cu] += product(codes$r, x);
#endfor
        }
#endfor
    }
#for p PASSES
    {
#for i SUMS
        partials[$iu * PARTS + index] = sums[$pu * SUMS + $iu];
#endfor
        workgroupBarrier();
        for (var i = index; i < BLOCKS * SUMS; i += WORKGROUP_SIZE) {
            totals[i / SUMS * ROWS * COLUMNS + $pu * SUMS + i % SUMS] = total_of(i % SUMS, i / SUMS);
        }
        // By invocations that have no total to make.
        if $pu == 0u && index >= WORKGROUP_SIZE - COLUMNS {
            norm_scales[index + COLUMNS - WORKGROUP_SIZE] = norm_scale(index + COLUMNS - WORKGROUP_SIZE);
        }
        workgroupBarrier();
    }
#endfor
    let made = outputs * COLUMNS;
    for (var i = index; i < BLOCKS * made; i += WORKGROUP_SIZE) {
        let row = first_block * outputs + i / COLUMNS;
        let c = i % COLUMNS;
        // By constants: GPUs divide slowly.
        let block = select(i / (ROWS * COLUMNS), i / (ROWS / 2u * COLUMNS), params.gate_rows != 0u);
        let at = block * ROWS * COLUMNS + i - block * made;
        let sum = norm_scales[c] * totals[at];
        if params.gate_rows == 0u {
            finish(first_column, c, row, activated(params.activation, biased(row, sum)));
        } else {
            let other = norm_scales[c] * totals[at + made];
            finish(first_column, c, row, gated(params.activation, biased(row, sum), biased(params.gate_rows + row, other)));
        }
    }
#ifdef ENCODE
    encode(first_block * outputs / 32u, first_column, index);
#endif
}
