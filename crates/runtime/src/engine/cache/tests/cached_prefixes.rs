//! What is found again, and in which blocks.

use super::*;
use crate::engine::cache::{BlockCopy, TableChange};

#[test]
fn the_longest_prefix_of_any_length_is_found_but_for_the_last_token() {
    let mut memory = Memory::new(config());
    assert_eq!(memory.cache("the quick brown fox"), 0);
    for (text, cached) in [
        ("", 0),
        ("t", 0),
        ("th", 1),
        ("the quick brown fox", 18),
        ("the quick brown fox jumps", 19),
        ("the quick", 8),
        ("the quilt", 7),
        ("they", 3),
        ("another", 0),
    ] {
        assert_eq!(memory.cached(text), cached, "{text}");
    }
    let statistics = memory.statistics();
    assert_eq!((statistics.hits, statistics.misses), (6, 4));
    assert_eq!(statistics.saved_tokens, 1 + 18 + 19 + 8 + 7 + 3);
}

#[test]
fn whole_blocks_are_shared_and_the_last_one_is_copied() {
    let mut memory = Memory::new(with_windows(&[None, None]));
    let first = memory.cache_open("abcdefghij");
    let [keys, others] = [0, 1].map(|group| memory.blocks(first.slot, group));
    let second = memory.open_text("abcdefghik");
    assert_eq!(second.cached, 9);
    let copies = [(0, keys[2]), (1, others[2])]
        .map(|(group, from)| BlockCopy { from, to: memory.blocks(second.slot, group)[2] });
    assert_eq!(second.copies, copies);
    assert_eq!(memory.blocks(second.slot, 0)[..2], keys[..2]);
    assert!(!memory.blocks(second.slot, 0).contains(&keys[2]));
    // A prefix of whole blocks needs no copy.
    let third = memory.open_text("abcdefghx");
    assert_eq!((third.cached, third.copies.as_slice()), (8, [].as_slice()));
    assert_eq!(memory.blocks(third.slot, 1), others[..2]);
    let entries = vec![keys[0], others[0], keys[1], others[1]];
    assert_eq!(memory.take_table_changes(third.slot), Some(TableChange { first: 0, entries }));
}

#[test]
fn paths_part_at_any_token_and_share_what_is_before() {
    let mut memory = Memory::new(config());
    memory.cache("system prompt: one");
    memory.cache("system prompt: two");
    memory.cache("system prompt: twelve");
    memory.cache("systems");
    for (text, cached) in [("system prompt: one!", 18), ("system prompt: tw!", 17), ("systems!", 7), ("system !", 7)] {
        assert_eq!(memory.cached(text), cached, "{text}");
    }
    // Five blocks of the first text, two more of the second's end, one of "elve" and one of "s".
    assert_eq!(memory.statistics().cached_blocks, 5 + 2 + 2 + 1);
}

#[test]
fn what_is_cached_already_adds_nothing() {
    let mut memory = Memory::new(config());
    let (first, second) = (memory.open_text("abcdefghi"), memory.open_text("abcdefghi"));
    assert!(memory.run(first.slot, 9) && memory.run(second.slot, 9));
    for (slot, text) in [(first.slot, "abcdefghi"), (second.slot, "abcdefghi"), (second.slot, "abcdef")] {
        memory.remember_text(slot, text);
    }
    let blocks = memory.blocks(first.slot, 0);
    memory.close(second.slot);
    assert_eq!(memory.statistics().held_blocks, 3);
    assert_eq!(memory.blocks(memory.slots.len() as u32 - 4, 0), blocks);
    memory.close(first.slot);
    assert_eq!(memory.statistics().cached_blocks, 3);
    assert_eq!(memory.cached("abcdefghij"), 9);
}

#[test]
fn an_answer_grows_on_the_blocks_of_its_prompt() {
    let mut memory = Memory::new(config());
    let chat = memory.cache_open("question");
    assert!(memory.run(chat.slot, 14));
    memory.remember_text(chat.slot, "questionanswer");
    let blocks = memory.blocks(chat.slot, 0);
    memory.close(chat.slot);
    let statistics = memory.statistics();
    assert_eq!((statistics.cached_blocks, blocks.len()), (4, 4));
    // The second turn, a regenerated answer, and an edited question.
    for (text, cached) in [("questionanswer, next", 14), ("question", 7), ("questing", 6)] {
        assert_eq!(memory.cached(text), cached, "{text}");
    }
}

#[test]
fn only_tokens_that_ran_are_cached() {
    let mut memory = Memory::new(config());
    let opened = memory.open_text("abcdefgh");
    assert!(memory.run(opened.slot, 5));
    memory.remember_text(opened.slot, "abcdefgh");
    assert_eq!(memory.cached("abcdefgh"), 5);
}

#[test]
fn a_memory_without_a_cache_finds_and_keeps_nothing() {
    let mut memory = Memory::new(Config { prefix_cache: false, ..config() });
    memory.cache("abcdefgh");
    assert_eq!(memory.cached("abcdefgh"), 0);
    assert_eq!(memory.statistics().free_blocks, 64);
}

#[test]
fn a_slot_is_free_again_once_its_sequence_is_closed() {
    let mut memory = Memory::new(Config { slots: 2, ..config() });
    let (first, second) = (memory.open_text("a"), memory.open_text("b"));
    assert_ne!(first.slot, second.slot);
    assert_eq!(memory.open(&tokens("c")), None);
    memory.close(first.slot);
    memory.close(first.slot);
    assert_eq!(memory.open_text("c").slot, first.slot);
    assert_eq!(memory.open(&tokens("d")), None);
}

#[test]
fn tokens_are_dropped_unless_the_cache_has_them() {
    let mut memory = Memory::new(config());
    let opened = memory.cache_open("abcdef");
    assert!(memory.run(opened.slot, 17));
    assert_eq!(memory.blocks(opened.slot, 0).len(), 5);
    assert!(memory.truncate(opened.slot, 7));
    assert_eq!(memory.blocks(opened.slot, 0).len(), 2);
    assert!(!memory.truncate(opened.slot, 5));
    memory.check();
    // Room that was reserved and not used is given back too.
    assert!(memory.reserve(opened.slot, 30));
    assert!(memory.truncate(opened.slot, 30));
    assert_eq!(memory.blocks(opened.slot, 0).len(), 2);
}
