// The outputs whose next tokens are to be chosen.
#import sample_params

@group(0) @binding(1) var<storage, read> outputs: array<Output>;
