//! Prefixes of models whose layers have windows.

use super::*;

#[test]
fn a_prefix_ends_where_its_window_is_whole() {
    let mut memory = Memory::new(with_windows(&[None, Some(6)]));
    let opened = memory.open_text("0123456789abcdefghijklmn");
    for length in [12, 23, 24] {
        assert!(memory.run(opened.slot, length));
    }
    memory.remember_text(opened.slot, "0123456789abcdefghijklmn");
    // After 23 tokens the window begins with position 18, in block 4, and block 3 is kept too.
    for (text, cached) in [
        ("0123456789abcdefghijklmn+", 24),
        ("0123456789abcdefghijklmn", 23),
        ("0123456789abcdefghijk+", 21),
        ("0123456789abcdefgh+", 18),
        ("0123456789abcdefg+", 17),
        ("0123456789abcdef+", 0),
        ("0123456789ab+", 0),
    ] {
        assert_eq!(memory.cached(text), cached, "{text}");
    }
    let again = memory.open_text("0123456789abcdefghi+");
    let entries = memory.take_table_changes(again.slot).expect("the table is new").entries;
    let held = [0, 1].map(|group| memory.blocks(again.slot, group));
    assert_eq!((held[0].len(), held[1].len(), entries.len()), (5, 2, 10));
    assert_eq!((entries[5], entries[7], entries[9]), (0, held[1][0], held[1][1]));
}

#[test]
fn an_edited_message_starts_from_the_end_of_the_turn_before() {
    let mut memory = Memory::new(with_windows(&[None, Some(6)]));
    memory.cache("first turn, with an answer. ");
    assert_eq!(memory.cache("first turn, with an answer. second turn, with another answer. "), 28);
    assert_eq!(memory.cached("first turn, with an answer. edited"), 28);
    assert_eq!(memory.cached("first turn, edited"), 0);
}

#[test]
fn a_prefix_that_others_share_is_whole_from_the_second_time_on() {
    let mut memory = Memory::new(with_windows(&[None, Some(4)]));
    let (system, question) = ("a system prompt: ", "the question of a user");
    let mut opened = memory.cache_open(&format!("{system}{question}"));
    for (time, cached) in [(2, 0), (3, system.len())] {
        memory.close(opened.slot);
        let prompt = format!("{system}{time}, {question}");
        opened = memory.open_text(&prompt);
        assert_eq!((opened.known as usize, opened.cached as usize), (system.len(), cached), "time {time}");
        // One step runs past the end of what is shared, which is cached after it.
        assert!(memory.run(opened.slot, prompt.len() as u32 - 1));
        memory.remember_text(opened.slot, system);
        assert!(memory.run(opened.slot, prompt.len() as u32));
        memory.remember_text(opened.slot, &prompt);
    }
}

#[test]
fn a_windowed_block_that_was_gone_comes_back() {
    let mut memory = Memory::new(with_windows(&[None, Some(4)]));
    memory.cache("0123456789abcdef");
    assert_eq!(memory.cached("01234567+"), 0);
    // Whoever reads the text again has the blocks for a while.
    let opened = memory.open_text("01234567+");
    assert!(memory.run(opened.slot, 8));
    memory.remember_text(opened.slot, "01234567");
    assert_eq!(memory.cached("01234567+"), 8);
    assert_eq!(memory.cached("0123456789abcdef+"), 16);
}

#[test]
fn windows_in_the_middle_of_a_path_go_before_its_end() {
    let mut memory = Memory::new(Config { blocks: 16, ..with_windows(&[None, Some(4)]) });
    let opened = memory.open_text("0123456789abcdef");
    for length in [4, 8, 12, 16] {
        assert!(memory.run(opened.slot, length));
        memory.remember_text(opened.slot, &"0123456789abcdef"[..length as usize]);
    }
    memory.close(opened.slot);
    assert_eq!(memory.statistics().cached_blocks, 8);
    let other = memory.open_text("z");
    assert!(memory.run(other.slot, 20));
    assert_eq!(memory.statistics().evicted_blocks, 2);
    assert_eq!((memory.cached("01234567+"), memory.cached("0123456789abcdef+")), (0, 16));
}

#[test]
fn a_fork_keeps_its_window() {
    let mut memory = Memory::new(Config { blocks: 24, ..with_windows(&[None, Some(4)]) });
    memory.cache("system: ");
    memory.cache("system: first question");
    memory.cache("system: second question");
    let other = memory.open_text("z");
    assert!(memory.run(other.slot, 24));
    assert!(memory.statistics().evicted_blocks > 0);
    assert_eq!(memory.cached("system: third question"), 8);
}

#[test]
fn windowed_blocks_are_freed_while_a_sequence_runs() {
    let mut memory = Memory::new(Config { blocks: 20, ..with_windows(&[None, Some(4), Some(8)]) });
    let opened = memory.open_text("z");
    for length in 1..=40 {
        assert!(memory.run(opened.slot, length), "{length} tokens");
    }
    assert_eq!([0, 1, 2].map(|group| memory.blocks(opened.slot, group).len()), [10, 2, 3]);
}
