//! Contents that are copied to and from somewhere else.

use super::*;
use crate::engine::cache::Contents;

#[test]
fn contents_end_with_a_whole_block() {
    let mut memory = Memory::new(config());
    memory.cache("aaaabbbbcc");
    let opened = memory.open_whole(&tokens("aaaabbbbccd")).expect("a slot is free");
    assert_eq!((opened.cached, opened.copies.len()), (8, 0));
    let contents = memory.contents(opened.slot);
    assert_eq!((contents.length, contents.blocks.len(), contents.state), (8, 2, None));
    memory.check();
}

#[test]
fn contents_of_a_model_with_states_end_at_a_checkpoint() {
    let mut memory = Memory::new(with_states(4));
    memory.cache("aaaabb");
    let opened = memory.open_whole(&tokens("aaaabbb")).expect("a slot is free");
    assert_eq!((opened.cached, opened.copies.len()), (6, 1));
    let contents = memory.contents(opened.slot);
    assert_eq!((contents.length, contents.blocks.len()), (6, 2));
    assert!(contents.blocks.contains(&opened.copies[0].to) && contents.state.is_some());
    memory.check();
}

#[test]
fn what_was_written_is_cached_like_what_was_read() {
    let text = "aaaabbbbccccdddd";
    for config in [with_windows(&[None, Some(6)]), with_states(4), config()] {
        let mut memory = Memory::new(config.clone());
        memory.cache(text);
        let opened = memory.open_whole(&tokens(text)).expect("a slot is free");
        let there = memory.contents(opened.slot);

        let mut other = Memory::new(Config { order: BlockOrder::Shuffled(3), ..config });
        let slot = other.open_empty(opened.cached).expect("there is room");
        other.check();
        let Contents { length, blocks, state } = other.contents(slot);
        assert_eq!((length, state.is_some()), (there.length, there.state.is_some()));
        assert_eq!((blocks.len(), other.content_blocks(length)), (there.blocks.len(), there.blocks.len()));
        other.remember_text(slot, &text[..length as usize]);
        other.close(slot);
        other.check();
        assert_eq!(other.cached(&format!("{text}!")), length);
    }
}

#[test]
fn without_room_nothing_is_taken() {
    let mut memory = Memory::new(Config { blocks: 4, slots: 1, ..config() });
    memory.cache("aaaabbbb");
    assert_eq!(memory.open_empty(17), None);
    assert_eq!((memory.cached("aaaabbbb!"), memory.statistics().free_slots), (8, 1));
    let open = memory.open_text("zzzz");
    assert_eq!(memory.open_empty(4), None, "no slot is free");
    memory.close(open.slot);
    let mut cold = Memory::new(Config { prefix_cache: false, ..config() });
    assert_eq!(cold.open_empty(4), None);
    memory.check();
    cold.check();
}
