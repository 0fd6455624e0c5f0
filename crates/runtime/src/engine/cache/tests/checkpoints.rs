//! Prefixes of models with state that can't be truncated.

use super::*;
use crate::engine::cache::StateStep;

impl Memory {
    /// Runs a sequence up to `length` tokens, with a checkpoint after `checkpoint` of them.
    fn run_with(&mut self, slot: u32, length: u32, checkpoint: u32) -> Option<u32> {
        let state = self.checkpoint(slot, checkpoint);
        assert!(self.run(slot, length));
        state
    }

    /// Caches a prompt as the driver does: with a checkpoint one token before its end.
    fn cache_prompt(&mut self, text: &str) -> u32 {
        let opened = self.open_text(text);
        let length = text.len() as u32;
        self.run_with(opened.slot, length, length - 1);
        self.remember_text(opened.slot, text);
        self.close(opened.slot);
        self.check();
        opened.cached
    }
}

#[test]
fn a_checkpoint_is_taken_once() {
    let mut memory = Memory::new(with_states(3));
    let opened = memory.open_text("abcdefgh");
    let [first, other, again] = [4, 7, 4].map(|length| memory.checkpoint(opened.slot, length));
    assert!(first.is_some() && first == again && first != other);
    memory.check();
}

#[test]
fn a_prefix_ends_at_a_checkpoint() {
    let mut memory = Memory::new(with_states(8));
    let opened = memory.open_text("question");
    assert_eq!(memory.next_state(opened.slot, 0).map(|step| step.from), Some(None));
    let checkpoint = memory.run_with(opened.slot, 8, 7);
    memory.remember_text(opened.slot, "question");
    for length in 9..=14 {
        assert!(memory.run(opened.slot, length));
    }
    memory.remember_text(opened.slot, "questionanswer");
    memory.close(opened.slot);
    for (text, cached) in
        [("questionanswer, next", 14), ("questionanswer", 7), ("question", 7), ("questing", 0), ("other", 0)]
    {
        assert_eq!(memory.cached(text), cached, "{text}");
    }
    let again = memory.open_text("question");
    assert_eq!(memory.next_state(again.slot, 8).map(|step| step.from), Some(checkpoint));
}

#[test]
fn a_step_never_writes_the_state_that_it_reads_or_one_that_is_cached() {
    let mut memory = Memory::new(with_states(2));
    memory.cache_prompt("abcdefgh");
    let (first, second) = (memory.open_text("abcdefgh"), memory.open_text("abcdefgh"));
    let steps = [first.slot, second.slot].map(|slot| memory.next_state(slot, 8).expect("the model has states"));
    let StateStep { from: Some(checkpoint), to } = steps[0] else { panic!("{steps:?} should start at a checkpoint") };
    assert_eq!(steps[1].from, Some(checkpoint));
    assert!(to != checkpoint && steps[1].to != checkpoint && to != steps[1].to);
    let mut from = to;
    for length in 9..20 {
        let step = memory.next_state(first.slot, length).expect("the model has states");
        assert_eq!(step.from, Some(from));
        assert!(step.to != from && step.to != checkpoint);
        from = step.to;
        memory.check();
    }
}

#[test]
fn the_state_at_the_end_is_found_among_those_of_steps_that_ran_ahead() {
    let states = Some(States { recent: 4, checkpoints: 4 });
    let mut memory = Memory::new(Config { states, ..config() });
    let opened = memory.open_text("a");
    for length in 1..=9 {
        assert!(memory.run(opened.slot, length));
    }
    // Of four states after 6 to 9 tokens, the one after seven is the end's.
    memory.remember_text(opened.slot, "abcdefg");
    memory.close(opened.slot);
    assert_eq!((memory.cached("abcdefg+"), memory.statistics().checkpoints), (7, 1));
}

#[test]
fn what_has_no_checkpoint_is_not_kept() {
    let mut memory = Memory::new(with_states(0));
    let opened = memory.open_text("abcdefgh");
    assert_eq!(memory.checkpoint(opened.slot, 7), None);
    assert!(memory.run(opened.slot, 8));
    memory.remember_text(opened.slot, "abcdefgh");
    memory.close(opened.slot);
    assert_eq!(memory.statistics().free_blocks, 64);
}

#[test]
fn the_densest_checkpoints_in_between_go_first() {
    let mut memory = Memory::new(with_states(4));
    let text = "0123456789abcdefghijklmnopqrstuv";
    let opened = memory.open_text(text);
    for length in [4, 6, 16, 20, 32] {
        assert!(memory.run_with(opened.slot, length, length).is_some());
        memory.remember_text(opened.slot, &text[..length as usize]);
    }
    memory.close(opened.slot);
    assert_eq!(memory.statistics().checkpoints, 4);
    // Those after four and after 20 tokens were the first and the last, so it is one in between that goes.
    for (parts_at, cached) in [(32, 32), (31, 20), (20, 20), (19, 16), (16, 16), (15, 4), (4, 4), (3, 0)] {
        let prompt = format!("{}+", &text[..parts_at]);
        assert_eq!(memory.cached(&prompt), cached, "parting after {parts_at}");
    }
}

#[test]
fn a_prefix_that_others_share_has_a_checkpoint_from_the_second_time_on() {
    let mut memory = Memory::new(with_states(8));
    let system = "a system prompt: ";
    for (time, known, cached) in [(1, 0, 0), (2, system.len(), 0), (3, system.len(), system.len())] {
        let prompt = format!("{system}{time}, a question");
        let opened = memory.open_text(&prompt);
        assert_eq!((opened.known as usize, opened.cached as usize), (known, cached), "time {time}");
        if opened.known > opened.cached {
            memory.checkpoint(opened.slot, opened.known);
        }
        memory.run_with(opened.slot, prompt.len() as u32, prompt.len() as u32 - 1);
        memory.remember_text(opened.slot, &prompt);
        memory.close(opened.slot);
    }
}

#[test]
fn a_checkpoint_before_a_fork_saves_what_is_before_the_nearest_branch() {
    let mut memory = Memory::new(with_states(4));
    for text in ["abcd", "abcdefgh", "abcdefgh, and a branch of length", "abcdefgh!!"] {
        memory.cache(text);
    }
    assert_eq!(memory.statistics().checkpoints, 4);
    memory.cache("another");
    assert_eq!(["abcdefgh+", "abcdefgh!!+"].map(|text| memory.cached(text)), [4, 10]);
}

#[test]
fn a_state_one_token_past_a_checkpoint_is_not_kept() {
    let mut memory = Memory::new(with_states(4));
    memory.cache_prompt("abcdefgh");
    assert_eq!(memory.cache("abcdefgh"), 7);
    assert_eq!(memory.statistics().checkpoints, 1);
    assert_eq!((memory.cache("abcdefghi"), memory.cached("abcdefghi+")), (7, 9));
}

#[test]
fn checkpoints_of_long_ago_go_before_those_in_use() {
    let mut memory = Memory::new(with_states(2));
    memory.cache_prompt("yesterday's question");
    memory.cache_prompt("today");
    for _ in 0..20 {
        assert_eq!(memory.cached("today"), 4);
    }
    memory.cache_prompt("another");
    assert_eq!((memory.cached("today"), memory.cached("another"), memory.cached("yesterday's question")), (4, 6, 0));
    assert_eq!(memory.statistics().cached_blocks, 1 + 2);
}

#[test]
fn a_model_of_states_alone_has_a_cache_too() {
    let mut memory = Memory::new(Config { blocks: 0, groups: Vec::new(), ..with_states(2) });
    for (text, cached) in [("abcdefgh", 0), ("abcdefgh", 7), ("abcdefghijkl", 7), ("abcdefghijkl", 11), ("xyz", 0)] {
        assert_eq!(memory.cache_prompt(text), cached, "{text}");
    }
    assert!(memory.tree.ids().count() <= 4);
}

#[test]
fn a_sequence_with_state_goes_back_only_to_a_state_that_it_has() {
    let mut memory = Memory::new(with_states(2));
    let opened = memory.open_text("a");
    for length in [3, 5, 9] {
        assert!(memory.run(opened.slot, length));
    }
    assert!(!memory.truncate(opened.slot, 3) && !memory.truncate(opened.slot, 7));
    assert!(memory.truncate(opened.slot, 5));
    memory.check();
    assert_eq!(memory.blocks(opened.slot, 0).len(), 2);
}
