// codes, scales = rows of a matrix, from blocks as a file has them, bit for bit as `PackedRows` packs them.
// source: the rows, from any byte on, and at least a word after them. An invocation takes a group, and of scales that groups share
// the words that begin with its own.
// Grid: (workgroups, up to 65535, and as many of them as it takes), for as many invocations as rows have groups.
struct Params {
    groups: u32,           // of 32, in a row
    rows: u32,             // in the source
    first_row: u32,        // of the matrix
    source_byte: u32,      // the first of the rows
    row_bytes: u32,        // in the source
    scale_words: u32,      // in a row
    pure_scale_words: u32, // in a row, before odd bits and table
    interleave: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> codes: array<u32>;
#ifdef SCALES
@group(0) @binding(3) var<storage, read_write> scales: array<u32>;
#endif
#ifdef GRID
@group(0) @binding(4) var<storage, read> grids: array<u32>;
#endif

// The byte after the row.
var<private> row_end: u32;

// What lies in the source from a byte on.
fn word(at: u32) -> u32 {
    let shift = at % 4u * 8u;
    return (source[at / 4u] >> shift) | ((source[at / 4u + 1u] << (31u - shift)) << 1u);
}
fn half(at: u32) -> u32 { return word(at) & 0xffffu; }
fn byte(at: u32) -> u32 { return (source[at / 4u] >> (at % 4u * 8u)) & 0xffu; }
fn nibble(at: u32, i: u32) -> u32 { return (byte(at + i / 2u) >> (i % 2u * 4u)) & 15u; }

#import blocks

// Where a word of a row lies among those of the matrix: see weight.wgsl.
fn place(row: u32, word: u32, words: u32) -> u32 {
    return (row / params.interleave * words + word) * params.interleave + row % params.interleave;
}

#ifdef SCALES
fn set_scale(row: u32, word: u32, value: u32) { scales[place(row, word, params.scale_words)] = value; }
#endif

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let i = (workgroup.y * 65535u + workgroup.x) * 64u + lane;
    let group = i / params.interleave % params.groups;
    let from_first = i / params.interleave / params.groups * params.interleave + i % params.interleave;
    if from_first >= params.rows { return; }
    let row = params.first_row + from_first;
    let start = params.source_byte + from_first * params.row_bytes;
    row_end = start + params.row_bytes;
    let block = start + group / BLOCK_GROUPS * BLOCK_BYTES;
    let within = group % BLOCK_GROUPS;
    for (var word = 0u; word < CODE_WORDS; word++) {
        let plane = word / 4u * 4u;
        let at = plane * params.groups + min(CODE_WORDS - plane, 4u) * group + word - plane;
        codes[place(row, at, params.groups * CODE_WORDS)] = code_word(block, within, word);
    }
#ifdef HALVES
    if group % 2u == 0u {
        var pair = scale(block);
        if group + 1u < params.groups { pair |= scale(block + BLOCK_BYTES) << 16u; }
        set_scale(row, group / 2u, pair);
    }
#endif
#ifdef WITH_MINIMUM
    set_scale(row, group, word(block));
#endif
#ifdef SUPER_BLOCKS
    let first = group / 8u * 5u;
    if within == 0u { set_scale(row, first, factors(block)); }
    if within % 2u == 0u {
        set_scale(row, first + 1u + within / 2u, scales_of(block, within) | (scales_of(block, within + 1u) << 16u));
    }
#endif
#ifdef ODD_BIT
    set_scale(row, params.pure_scale_words + group, odd_bits(block, within));
#endif
#ifdef TABLE
    if group == 0u {
        let table = params.scale_words - 4u;
        set_scale(row, table, TABLE_0);
        set_scale(row, table + 1u, TABLE_1);
        set_scale(row, table + 2u, TABLE_2);
        set_scale(row, table + 3u, TABLE_3);
    }
#endif
}
