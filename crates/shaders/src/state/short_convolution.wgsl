// A gated causal convolution over the last few tokens, channel by channel (LFM2's): of a row's b, c and x, y = c * sum over j of
// kernel[j] * (b * x of the token `taps` - 1 - j before it). What earlier steps have put into the cache, b * x of each position,
// stands for tokens that aren't in the step; before the first there is nothing. y lies in planes.
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
@group(0) @binding(2) var<storage, read> tables: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;
@group(0) @binding(4) var<storage, read> kernel: array<f32>; // [channel][tap]
@group(0) @binding(5) var<storage, read_write> cache: array<f32>; // [block][token in block][channel]
@group(0) @binding(6) var<storage, read_write> y: array<f32>;
#import kv

fn gated_input(row: u32, channel: u32) -> f32 {
    let first = row * params.x_stride + channel;
    return x[first] * x[first + 2u * params.width];
}

fn place(table: u32, position: u32, channel: u32) -> u32 {
    return (tables[table + position / BLOCK_TOKENS] * BLOCK_TOKENS + position % BLOCK_TOKENS) * params.width + channel;
}

// Whether the row `back` before this one is its sequence's token so far before it.
fn is_before(row: u32, back: u32) -> bool {
    if row < back { return false; }
    let other = tokens[row - back];
    return other.table == tokens[row].table && other.position + back == tokens[row].position;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let channel = id.x;
    if channel >= params.width { return; }
    let row = tokens[id.y];
    let own = gated_input(id.y, channel);
    cache[place(row.table, row.position, channel)] = own;
    let last = channel * params.taps + params.taps - 1u;
    var sum = kernel[last] * own;
    for (var back = 1u; back < min(params.taps, row.position + 1u); back++) {
        var earlier = 0.0;
        if is_before(id.y, back) {
            earlier = gated_input(id.y - back, channel);
        } else {
            earlier = cache[place(row.table, row.position - back, channel)];
        }
        sum += kernel[last - back] * earlier;
    }
    let gate = x[id.y * params.x_stride + params.width + channel];
    y[id.y * params.y_stride + plane_index(channel, params.y_groups)] = gate * sum;
}
