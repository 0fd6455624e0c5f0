// Activations of `matvec_integer` that a workgroup normalises and encodes itself, with the arithmetic of `norm` and `quantise`: for
// a token or two that is faster than a dispatch of its own. They lie in workgroup memory, a part of the row at a time.
#import codes
#import reduce
const PART: u32 = STAGED / COLUMNS; // groups

// [token][quad of codes][group], [token][group]
var<workgroup> staged_codes: array<vec4<u32>, CODE_QUADS * STAGED>;
var<workgroup> staged_scales: array<vec2<f32>, STAGED>;
// The factors by which the norm scales the tokens.
var<workgroup> norm_scales: array<f32, COLUMNS>;

fn x_base(first_column: u32, c: u32) -> u32 { return min(first_column + c, params.columns - 1u) * params.x_stride; }

fn prepare_input(first_column: u32, lane: Lane) {
    if params.norm_width == 0u { return; }
#for c COLUMNS
    {
        let base = x_base(first_column, $cu);
        var squares = 0.0;
        for (var g = lane.index; g < params.groups; g += WORKGROUP_SIZE) {
#for q QUADS
            let value$q = x[base + $qu * params.groups + g];
#endfor
#for q QUADS
            squares += dot(value$q, value$q);
#endfor
        }
        let sum = workgroup_sum(squares, lane);
        if lane.index == 0u { norm_scales[$c] = inverseSqrt(sum / f32(params.norm_width) + params.epsilon); }
    }
#endfor
}

fn stage(part: u32, first_column: u32, lane: Lane) {
    // Others may still read the part before.
    workgroupBarrier();
    for (var i = lane.index; i < STAGED; i += WORKGROUP_SIZE) {
        let c = i / PART;
        let group = part + i % PART;
        if group >= params.groups { continue; }
        let base = x_base(first_column, c);
#for q QUADS
        var value$q = x[base + $qu * params.groups + group];
#endfor
        if params.norm_width != 0u {
            let scale = norm_scales[c];
#for q QUADS
            value$q = value$q * scale * norm[$qu * params.groups + group];
#endfor
        }
        let codes = codes_of(array(value0, value1, value2, value3, value4, value5, value6, value7));
#for k CODE_QUADS
        staged_codes[(c * CODE_QUADS + $ku) * PART + i % PART] = codes.quads[$k];
#endfor
        staged_scales[i] = codes.scale;
    }
    workgroupBarrier();
}

fn activations(first_column: u32, c: u32, group: u32, part: u32) -> Activations32 {
    let first = c * CODE_QUADS * PART + group - part;
    var quads: array<vec4<u32>, CODE_QUADS>;
#for k CODE_QUADS
    quads[$k] = staged_codes[first + $ku * PART];
#endfor
    return activations32(quads, staged_scales[c * PART + group - part]);
}
