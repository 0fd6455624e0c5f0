//! A simulation of 100,000 requests on a virtual clock, which holds the scheduler to its bounds.
//!
//! `world` runs events, `client` is a request as its caller sees it and checks the rows that it gets, `load` makes requests, `checks` has
//! the bounds, and `report` what was seen.

mod checks;
mod client;
mod load;
mod report;
mod world;

use std::time::Duration;

use super::{FEW_ROWS, Kind, Limits, Step};
use load::Load;
use world::World;

/// The longest delay of a readback after its step.
const READBACK: Duration = Duration::from_millis(4);

/// The longest time that a mask takes.
const MASK: Duration = Duration::from_millis(1);

/// The time that a step takes on the device.
fn cost(step: &Step) -> Duration {
    let rows: u32 = step.parts.iter().map(|part| part.tokens).sum();
    match step.kind {
        Kind::Few => few_cost(rows),
        Kind::Bulk => bulk_cost(rows),
    }
}

fn few_cost(rows: u32) -> Duration {
    const COSTS: [(u32, u64); 6] = [(1, 1000), (2, 1100), (4, 1300), (8, 1600), (16, 2500), (FEW_ROWS, 4400)];
    let (_, microseconds) = COSTS.into_iter().find(|(most, _)| rows <= *most).expect("a step has 32 rows at most");
    Duration::from_micros(microseconds)
}

fn bulk_cost(rows: u32) -> Duration {
    Duration::from_micros(1000 + 20 * u64::from(rows))
}

/// The longest time between two tokens of a stream that always has memory. Its row waits for the readback of the one before, for the
/// steps in flight then, and for its turn: every sequence has one in two rounds of steps with few rows, because short prompts go first
/// in every second at most, and a chunk goes before each.
fn longest_gap(limits: &Limits) -> Duration {
    let (few, bulk) = (few_cost(FEW_ROWS), bulk_cost(limits.budget));
    let rounds = 2 * (limits.slots as u32).div_ceil(FEW_ROWS);
    READBACK + few.max(bulk) * limits.steps_in_flight as u32 + (few + bulk) * rounds
}

const LIMITS: Limits = Limits {
    few_rows: FEW_ROWS,
    slots: 32,
    context: 4096,
    waiting: 200,
    bulk_tokens: 512,
    budget: 128,
    steps_in_flight: 3,
    window: Duration::from_millis(5),
    patience: Duration::from_millis(500),
};

#[test]
fn bounds_hold_for_100_000_requests() {
    let ample = LIMITS.slots as u32 * LIMITS.context;
    let scenarios = [
        ("calm", Load { requests: 30_000, gap: 120 }, LIMITS, ample),
        ("busy", Load { requests: 20_000, gap: 60 }, Limits { slots: 50, window: Duration::ZERO, ..LIMITS }, 2 * ample),
        ("overloaded", Load { requests: 20_000, gap: 25 }, Limits { slots: 50, ..LIMITS }, 2 * ample),
        ("short of memory", Load { requests: 30_000, gap: 60 }, LIMITS, LIMITS.context + 1024),
    ];
    for (seed, (name, load, limits, tokens)) in scenarios.into_iter().enumerate() {
        let report = World::new(&limits, load, tokens, seed as u64).run();
        println!("{name}: {report}");
    }
}

#[test]
fn the_same_calls_make_the_same_plans() {
    let run = || World::new(&LIMITS, Load { requests: 500, gap: 10 }, LIMITS.context, 9).run().to_string();
    assert_eq!(run(), run());
}
