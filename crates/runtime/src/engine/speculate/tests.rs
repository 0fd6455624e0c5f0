//! Tests of when drafts are tried.

use std::time::Duration;

use super::*;

const STEP: Duration = Duration::from_millis(1);

/// The tokens of an answer that a speculator watches, one step of a fixed time after the other: ahead of readback a millisecond each,
/// and with drafts `with_drafts`. Returns the time taken for all tokens.
fn run(prompt: &[u32], answer: &[u32], with_drafts: Duration) -> (Duration, usize) {
    let options = GenerateOptions { speculation: Speculation::Lookup, ..GenerateOptions::default() };
    let mut speculator = Speculator::new(&options, usize::MAX).expect("speculation is on");
    let mut context = Context::from_waker(std::task::Waker::noop());
    let all = [prompt, answer].concat();
    let (mut known, mut at, mut tried) = (prompt.len(), Duration::ZERO, 0);
    let mut tries = false;
    while known < all.len() {
        let drafts = match tries.then(|| speculator.poll(&all[..known], &mut context)) {
            Some(Poll::Ready(drafts)) => drafts,
            _ => Vec::new(),
        };
        let right = drafts.iter().zip(&all[known..]).take_while(|(draft, token)| draft == token).count();
        let came = (right + 1).min(all.len() - known);
        at += if tries { with_drafts } else { STEP };
        known += came;
        tried += drafts.len();
        speculator.read(&all[..known], Read { at, tokens: came, drafts: drafts.len(), accepted: right });
        tries = speculator.tries();
    }
    (at, tried)
}

#[test]
fn a_copied_text_is_tried_and_a_new_one_is_not() {
    let text: Vec<u32> = (0..400).collect();
    let (time, tried) = run(&text, &text, STEP * 2);
    assert!(time < STEP * 100 && tried > 300, "{time:?}, {tried} drafts");
    let (time, tried) = run(&text, &(1000..1400).collect::<Vec<_>>(), STEP * 2);
    assert_eq!((time, tried), (STEP * 400, 0));
}

#[test]
fn drafts_that_take_longer_than_they_save_are_given_up() {
    // Pieces of eight tokens come again, in an order that is new each time.
    let piece = |index: u32| (index % 50 * 8..index % 50 * 8 + 8).collect::<Vec<u32>>();
    let prompt: Vec<u32> = (0..50).flat_map(piece).collect();
    let answer: Vec<u32> = (0..200).flat_map(|index| piece(index * index * 7 + 3)).collect();
    let plain = STEP * answer.len() as u32;
    let (time, tried) = run(&prompt, &answer, STEP * 30);
    assert!(tried > 0 && time < plain.mul_f64(1.15), "{time:?} of {plain:?}, {tried} drafts");
    let (time, _) = run(&prompt, &answer, STEP * 2);
    assert!(time < plain.mul_f64(0.95), "{time:?} of {plain:?}");
}
