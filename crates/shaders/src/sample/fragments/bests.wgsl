// The best of tokens by a score: the first of equals.

// The token ahead so far: token 0 where none is.
struct Best {
    score: f32,
    token: u32,
}

fn better(a: Best, b: Best) -> Best {
    if b.score > a.score || (b.score == a.score && b.token < a.token) { return b; }
    return a;
}

var<workgroup> bests: array<Best, WORKGROUP_SIZE>;

// The best of the invocations' bests, in invocation 0.
fn workgroup_best(own: Best, lane: u32) -> Best {
    var best = own;
    bests[lane] = best;
    for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            best = better(best, bests[lane + half]);
            bests[lane] = best;
        }
    }
    return best;
}
