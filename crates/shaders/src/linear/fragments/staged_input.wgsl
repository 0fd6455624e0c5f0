// Activations of `matvec_integer` that a workgroup normalises and encodes itself, with the arithmetic of `norm` and `quantise`: for
// a token or two that is faster than a dispatch of its own. They lie in workgroup memory, a part of the row at a time.
#import codes
#import reduce
const PART: u32 = STAGED / COLUMNS; // groups

// [token][quad of codes][group], [token][group]
var<workgroup> staged_codes: array<vec4<u32>, CODE_QUADS * STAGED>;
var<workgroup> staged_scales: array<vec2<f32>, STAGED>;

alias NormScales = array<f32, COLUMNS>;

fn x_base(first_column: u32, c: u32) -> u32 { return min(first_column + c, params.columns - 1u) * params.x_stride; }

// The factors by which the norm scales the tokens; 1 without a norm.
fn prepare_input(first_column: u32, lane: Lane) -> NormScales {
    var scales = NormScales();
    if params.norm_width == 0u { return scales; }
    for (var c = 0u; c < COLUMNS; c++) {
        let base = x_base(first_column, c);
        var squares = 0.0;
        for (var g = lane.index; g < params.groups; g += WORKGROUP_SIZE) {
            for (var quad = 0u; quad < 8u; quad++) {
                let value = x[base + quad * params.groups + g];
                squares += dot(value, value);
            }
        }
        scales[c] = inverseSqrt(workgroup_sum(squares, lane) / f32(params.norm_width) + params.epsilon);
    }
    return scales;
}

fn stage(part: u32, first_column: u32, norm_scales: NormScales, lane: Lane) {
    // Others may still read the part before.
    workgroupBarrier();
    for (var i = lane.index; i < STAGED; i += WORKGROUP_SIZE) {
        let c = i / PART;
        let group = part + i % PART;
        if group >= params.groups { continue; }
        let base = x_base(first_column, c);
        var values: array<vec4<f32>, 8>;
        for (var quad = 0u; quad < 8u; quad++) {
            let at = quad * params.groups + group;
            values[quad] = x[base + at];
            if params.norm_width != 0u { values[quad] = values[quad] * norm_scales[c] * norm[at]; }
        }
        let codes = codes_of(values);
        for (var k = 0u; k < CODE_QUADS; k++) { staged_codes[(c * CODE_QUADS + k) * PART + i % PART] = codes.quads[k]; }
        staged_scales[i] = codes.scale;
    }
    workgroupBarrier();
}

fn activations(first_column: u32, c: u32, group: u32, part: u32) -> Activations32 {
    var quads: array<vec4<u32>, CODE_QUADS>;
    for (var i = 0u; i < CODE_QUADS; i++) { quads[i] = staged_codes[(c * CODE_QUADS + i) * PART + group - part]; }
    return activations32(quads, staged_scales[c * PART + group - part]);
}
