//! Prefixes that sessions hold.

use super::*;
use crate::engine::cache::HoldId;

/// A new hold on what is cached of `text`.
fn hold(memory: &mut Memory, text: &str) -> HoldId {
    let id = memory.new_hold();
    memory.hold(id, &tokens(text));
    memory.check();
    id
}

#[test]
fn a_held_prefix_outlives_what_was_used_later() {
    let mut memory = Memory::new(Config { blocks: 6, ..config() });
    memory.cache("aaaabbbb");
    let id = hold(&mut memory, "aaaabbbbcccc");
    assert_eq!(memory.held(id), 8);
    memory.cache("ddddeeee");
    let opened = memory.open_text("zzzz");
    assert!(memory.run(opened.slot, 16));
    assert_eq!((memory.held(id), memory.cached("aaaabbbb!"), memory.cached("ddddeeee!")), (8, 8, 0));
    // Nothing else is left, so the hold gives way, from its end.
    assert!(memory.run(opened.slot, 20));
    assert_eq!((memory.held(id), memory.cached("aaaabbbb!")), (4, 4));
    assert!(memory.run(opened.slot, 24));
    assert_eq!(memory.held(id), 0);
}

#[test]
fn holds_that_part_share_what_they_have_in_common() {
    let mut memory = Memory::new(Config { blocks: 8, ..config() });
    memory.cache("aaaabbbbcccc");
    let first = hold(&mut memory, "aaaabbbbcccc");
    let fork = hold(&mut memory, "aaaabbbbcccc");
    memory.cache("aaaabbdd");
    assert_eq!(memory.hold(fork, &tokens("aaaabbdd")), 8);
    assert_eq!((memory.held(first), memory.held(fork)), (12, 8));
    assert_eq!(memory.statistics().cached_blocks, 4);
    memory.let_go(first);
    let opened = memory.open_text("zzzz");
    assert!(memory.run(opened.slot, 20));
    // The block in which they part is the fork's too.
    assert_eq!((memory.held(fork), memory.statistics().cached_blocks), (8, 3));
}

#[test]
fn a_shorter_hold_keeps_no_more_than_it_covers() {
    let mut memory = Memory::new(Config { blocks: 4, ..config() });
    memory.cache("aaaabbbbcccc");
    let id = hold(&mut memory, "aaaabbbbcccc");
    assert_eq!(memory.hold(id, &tokens("aaaab")), 5);
    memory.check();
    let opened = memory.open_text("zzzz");
    assert!(memory.run(opened.slot, 8));
    assert_eq!((memory.held(id), memory.statistics().cached_blocks), (5, 2));
}

#[test]
fn the_window_before_the_end_of_a_hold_stays() {
    let mut memory = Memory::new(Config { blocks: 16, ..with_windows(&[None, Some(4)]) });
    let id = {
        let opened = memory.cache_open("aaaabbbbcccc");
        let id = hold(&mut memory, "aaaabbbbcccc");
        memory.close(opened.slot);
        id
    };
    // A longer text goes on from there, and its end has a window of its own.
    memory.cache("aaaabbbbccccddddeeee");
    let opened = memory.open_text("zzzz");
    assert!(memory.run(opened.slot, 16));
    assert_eq!((memory.held(id), memory.cached("aaaabbbbcccc!")), (12, 12));
}

#[test]
fn the_checkpoint_that_a_held_prefix_starts_from_stays() {
    let mut memory = Memory::new(with_states(2));
    memory.cache("aaaa");
    let id = hold(&mut memory, "aaaa");
    for text in ["bbbb", "cccc", "dddd"] {
        memory.cache(text);
        assert_eq!((memory.held(id), memory.cached("aaaa!")), (4, 4), "{text}");
    }
    // Held by others too, the least recently used goes.
    for text in ["eeee", "ffff"] {
        memory.cache(text);
        hold(&mut memory, text);
    }
    assert_eq!((memory.held(id), memory.cached("ffff!")), (0, 4));
}

#[test]
fn without_a_cache_there_is_nothing_to_hold() {
    let mut memory = Memory::new(Config { prefix_cache: false, ..config() });
    memory.cache("aaaabbbb");
    let id = hold(&mut memory, "aaaabbbb");
    assert_eq!(memory.held(id), 0);
}
