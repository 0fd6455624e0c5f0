// What truncation leaves of an output's logits.
#import logits

struct Bounds {
    least: f32,    // the least logit
    greatest: u32, // the key of the greatest
    center: f32,   // the expected logit
    distance: f32, // how far from it logits are at most
}

const UNBOUNDED: Bounds = Bounds(LEAST, 0xffffffffu, 0.0, GREATEST);

fn within(bounds: Bounds, logit: f32) -> bool {
    return logit >= bounds.least && key_of(logit) <= bounds.greatest && abs(logit - bounds.center) <= bounds.distance;
}
