//! What a fleet does to loads whose outcome can be computed by hand.

use std::time::Duration;

use super::super::schedule::{FEW_ROWS, Limits};
use super::{Arrival, Autoscaling, Fleet, Line, ReplicaLimits, StepCosts};

const MS: f64 = 1e-3;

fn fleet(slots: usize, waiting: usize) -> Fleet {
    let scheduler = Limits {
        slots,
        context: 4096,
        waiting,
        few_rows: FEW_ROWS,
        bulk_tokens: 512,
        budget: 128,
        steps_in_flight: 16,
        window: Duration::ZERO,
        patience: Duration::from_millis(500),
    };
    Fleet {
        limits: ReplicaLimits { scheduler, kv_tokens: 4096 * slots as u32 },
        costs: StepCosts {
            few: Line::new(vec![(1, MS), (8, 2.0 * MS)], 0.0),
            bulk: Line::new(vec![(64, 4.0 * MS), (512, 32.0 * MS)], 0.0),
            readback: 0.0,
            wake: 0.0,
        },
        replicas: 1,
        autoscaling: None,
    }
}

fn arrivals(number: usize, gap_ms: u64, (prompt_tokens, answer_tokens): (u32, u32)) -> Vec<Arrival> {
    let at = |index: usize| Duration::from_millis(index as u64 * gap_ms);
    (0..number).map(|index| Arrival { at: at(index), prompt_tokens, cached_tokens: 0, answer_tokens }).collect()
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

#[test]
fn a_line_joins_its_points_and_goes_on_beyond_them() {
    let line = Line::new(vec![(8, 2.0), (1, 1.0), (16, 4.0)], 0.5);
    for (rows, attended, seconds) in [(1, 0, 1.0), (8, 0, 2.0), (12, 0, 3.0), (24, 0, 6.0), (1, 4, 3.0)] {
        assert!((line.seconds(rows, attended) - seconds).abs() < 1e-9, "{rows} rows, {attended} attended");
    }
}

#[test]
fn a_request_alone_takes_its_steps() {
    // 16 rows of prompt cost 2 + 8/7 ms on the line beyond 8 rows; nine tokens more take 1 ms each.
    let prediction = fleet(8, 64).run(&arrivals(1, 0, (16, 10)));
    let [answer] = prediction.answered[..] else { panic!("{prediction:?}") };
    assert_eq!((ms(answer.first_token), ms(answer.end_to_end)), (3.143, 12.143));
    // A longer one is read in a chunk, of which the cache has a part.
    let cached = Arrival { cached_tokens: 436, ..arrivals(1, 0, (500, 1))[0] };
    assert_eq!(ms(fleet(8, 64).run(&[cached]).answered[0].first_token), 4.0);
}

#[test]
fn a_device_that_had_nothing_to_do_wakes_up() {
    let fleet = fleet(8, 64);
    let fleet = Fleet { costs: StepCosts { wake: 5.0 * MS, ..fleet.costs }, ..fleet };
    let first_tokens = |gap_ms| {
        let answered = fleet.run(&arrivals(2, gap_ms, (1, 1))).answered;
        answered.iter().map(|answer| ms(answer.first_token)).collect::<Vec<_>>()
    };
    // At the beginning it has just been started.
    assert_eq!(first_tokens(10), [1.0, 1.0]);
    assert_eq!(first_tokens(100), [1.0, 6.0]);
}

#[test]
fn a_full_queue_refuses_and_slots_bound_what_runs() {
    let prediction = fleet(1, 2).run(&arrivals(6, 0, (1, 10)));
    // The queue is full before the first step is planned: two wait, four are refused.
    assert_eq!((prediction.answered.len(), prediction.refused), (2, 4));
    assert_eq!(prediction.answered.iter().map(|answer| ms(answer.end_to_end)).collect::<Vec<_>>(), [10.0, 20.0]);
}

#[test]
fn two_replicas_answer_twice_as_fast() {
    let load = arrivals(100, 0, (1, 50));
    let one = fleet(1, 100).run(&load);
    let two = Fleet { replicas: 2, ..fleet(1, 100) }.run(&load);
    assert_eq!((ms(one.end), ms(two.end)), (5000.0, 2500.0));
    assert_eq!((ms(one.replica_time), ms(two.replica_time)), (5000.0, 5000.0));
}

#[test]
fn replicas_come_with_the_queue_and_leave_after_it() {
    let scaling = Autoscaling {
        most: 4,
        threshold: 50,
        period: Duration::from_secs(1),
        startup: Duration::from_secs(10),
        patience: Duration::from_secs(20),
    };
    // 8 requests a second take 100 ms each with one slot: fine; a burst of 400 waits.
    let mut load = arrivals(400, 0, (1, 100));
    load.extend(arrivals(600, 200, (1, 100)));
    load.sort_by_key(|arrival| arrival.at);
    let alone = fleet(1, 1000).run(&load);
    let scaled = Fleet { autoscaling: Some(scaling), ..fleet(1, 1000) }.run(&load);
    assert_eq!((scaled.answered.len(), scaled.refused, scaled.most_replicas), (1000, 0, 4));
    // Those of the burst stay with the replica that took them; who comes once others have started goes to those.
    let slowest = |prediction: &super::Prediction| {
        let later = prediction.answered.iter().filter(|answer| load[answer.index].at > Duration::from_secs(12));
        later.map(|answer| answer.end_to_end).max()
    };
    assert!(slowest(&scaled) <= Some(Duration::from_millis(200)), "{:?}", slowest(&scaled));
    assert!(slowest(&alone) > Some(Duration::from_secs(10)), "{:?}", slowest(&alone));
    // Four would have been paid for 480 s; they leave 20 s after the queue is empty, one a look.
    assert!(scaled.replica_time < Duration::from_secs(360), "{:?}", scaled.replica_time);
    assert!(scaled.replica_time > scaled.end);
}

#[test]
fn the_same_load_has_the_same_outcome() {
    let load = arrivals(200, 3, (70, 20));
    assert_eq!(fleet(8, 300).run(&load), fleet(8, 300).run(&load));
}
