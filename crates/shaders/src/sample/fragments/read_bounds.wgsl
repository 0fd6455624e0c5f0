// The bounds of outputs, for kernels that only read them.
#import bounds

@group(0) @binding(4) var<storage, read> bounds: array<Bounds>;

fn bounds_of(index: u32) -> Bounds { return bounds[index]; }
