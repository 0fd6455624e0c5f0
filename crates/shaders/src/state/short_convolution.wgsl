// A gated causal convolution over the last few tokens, channel by channel (LFM2's): of a row's b, c and x, y = c * sum over j of
// kernel[j] * (b * x of the token `taps` - 1 - j before it). The rows of a sequence in a step follow one another; of the tokens
// before them its state has b * x, oldest first. Before the first token there is nothing. y lies in planes.
// Grid: (width / 64, tokens).
struct Params {
    width: u32,    // channels
    taps: u32,     // tokens that a token sees, itself included
    x_stride: u32, // in f32
    y_stride: u32, // in f32
    y_groups: u32, // groups of 32 in a row of y
}
#import step
#import planes

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<Token>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> kernel: array<f32>; // [channel][tap]
@group(0) @binding(4) var<storage, read_write> states: array<f32>; // [state][taps - 1][channel]
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

fn gated_input(row: u32, channel: u32) -> f32 {
    let first = row * params.x_stride + channel;
    return x[first] * x[first + 2u * params.width];
}

// The place of a channel of a state's input `index`.
fn place(state: u32, index: u32, channel: u32) -> u32 {
    return (state * (params.taps - 1u) + index) * params.width + channel;
}

// The rows, up to taps - 1, that precede this one in the step and are of its sequence.
fn rows_before(row: u32) -> u32 {
    var rows = 0u;
    while rows < min(params.taps - 1u, row) {
        let other = tokens[row - rows - 1u];
        if other.table != tokens[row].table || other.position + rows + 1u != tokens[row].position { break; }
        rows++;
    }
    return rows;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let channel = id.x;
    if channel >= params.width { return; }
    let row = tokens[id.y];
    let rows = rows_before(id.y);
    let last = channel * params.taps + params.taps - 1u;
    var sum = 0.0;
    for (var back = 0u; back < params.taps; back++) {
        var input = 0.0;
        if back <= rows {
            input = gated_input(id.y - back, channel);
        } else if back <= row.position {
            input = states[place(row.state_from, params.taps - 1u + rows - back, channel)];
        }
        sum += kernel[last - back] * input;
        if row.state_to > 0u && back + 1u < params.taps {
            states[place(row.state_to - 1u, params.taps - 2u - back, channel)] = input;
        }
    }
    let gate = x[id.y * params.x_stride + params.width + channel];
    y[id.y * params.y_stride + plane_index(channel, params.y_groups)] = gate * sum;
}
