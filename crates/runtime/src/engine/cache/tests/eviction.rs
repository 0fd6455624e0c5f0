//! What goes when blocks are short, and what stays.

use super::*;

fn small(blocks: u32) -> Memory {
    Memory::new(Config { blocks, ..config() })
}

#[test]
fn the_least_recently_used_end_goes_first() {
    let mut memory = small(10);
    memory.cache("aaaabbbbcccc");
    memory.cache("aaaaddddeeee");
    assert_eq!(memory.statistics().cached_blocks, 5);
    // The first text is used again.
    assert_eq!(memory.cached("aaaabbbbcccc!"), 12);
    let opened = memory.open_text("zzzz");
    assert!(memory.run(opened.slot, 24));
    assert_eq!(memory.statistics().evicted_blocks, 1);
    assert!(memory.run(opened.slot, 28));
    assert_eq!((memory.cached("aaaaddddeeee!"), memory.cached("aaaabbbbcccc!")), (4, 12));
    assert_eq!(memory.statistics().evicted_blocks, 2);
}

#[test]
fn what_was_cached_last_stays_longest() {
    let mut memory = small(4);
    memory.cache("aaaa");
    assert_eq!(memory.cached("aaaa!"), 4);
    memory.cache("bbbb");
    let opened = memory.open_text("zzzz");
    assert!(memory.run(opened.slot, 12));
    assert_eq!((memory.cached("aaaa!"), memory.cached("bbbb!")), (0, 4));
}

#[test]
fn what_a_sequence_holds_stays_cached() {
    let mut memory = small(8);
    let holder = memory.cache_open("aaaabbbb");
    memory.cache("ccccdddd");
    let opened = memory.open_text("zzzz");
    assert!(memory.run(opened.slot, 24));
    assert_eq!((memory.cached("aaaabbbb!"), memory.cached("ccccdddd!")), (8, 0));
    let statistics = memory.statistics();
    assert!(!memory.run(opened.slot, 25));
    let after = memory.statistics();
    assert_eq!(
        (after.free_blocks, after.cached_blocks, after.held_blocks, after.evicted_blocks),
        (statistics.free_blocks, statistics.cached_blocks, statistics.held_blocks, statistics.evicted_blocks)
    );
    memory.close(holder.slot);
    assert!(memory.run(opened.slot, 25));
    assert_eq!(memory.cached("aaaabbbb!"), 4);
}

#[test]
fn nothing_is_evicted_where_it_is_not_enough() {
    let mut memory = small(8);
    let holder = memory.open_text("h");
    assert!(memory.run(holder.slot, 16));
    memory.cache("aaaabbbb");
    let opened = memory.open_text("zzzz");
    assert!(!memory.run(opened.slot, 20));
    assert_eq!(memory.cached("aaaabbbb!"), 8);
    assert!(memory.run(opened.slot, 16));
    assert_eq!(memory.cached("aaaabbbb!"), 0);
}

#[test]
fn a_block_that_two_nodes_share_goes_with_the_second() {
    let mut memory = small(3);
    memory.cache("aab");
    memory.cache("aac");
    assert_eq!(memory.statistics().cached_blocks, 2);
    let opened = memory.open_text("zzzz");
    assert!(memory.run(opened.slot, 12));
    assert_eq!(memory.statistics().cached_blocks, 0);
}

#[test]
fn without_room_for_a_copy_a_prefix_of_whole_blocks_is_used() {
    let mut memory = small(3);
    memory.cache("aaaabbbbcc");
    let opened = memory.open_text("aaaabbbbcd");
    assert_eq!((opened.cached, opened.copies.len()), (8, 0));
    assert!(memory.run(opened.slot, 10));
}
