    // The four rows of an invocation of the kernels that take a row a lane, one in each of four neighbouring groups, and their sums.
#ifdef EXPERTS
    let expert = expert_of(group.y);
    if expert >= params.expert_count { return; }
    first_row = expert * params.rows;
#endif
    prepare_weights(lane, params.groups);
    let row = group.x * 4u * INTERLEAVE + lane;
    // The matrix is stored in whole groups of rows.
    let last = (params.rows - 1u) / INTERLEAVE * INTERLEAVE + lane;
    let weight0 = weight_row(first_row + row, params.groups);
    let weight1 = weight_row(first_row + min(row + INTERLEAVE, last), params.groups);
    let weight2 = weight_row(first_row + min(row + 2u * INTERLEAVE, last), params.groups);
    let weight3 = weight_row(first_row + min(row + 3u * INTERLEAVE, last), params.groups);
    var sums0: Sums;
    var sums1: Sums;
    var sums2: Sums;
    var sums3: Sums;
