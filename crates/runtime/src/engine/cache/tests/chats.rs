//! The shapes in which a chat's requests come: a second turn, a regenerated answer and an edited message.

use super::*;

/// Answers `prompt` with `answer` as the driver does, one token a step, the last of which run ahead of the answer's end, and
/// returns the number of tokens that were cached.
fn answer(memory: &mut Memory, prompt: &str, answer: &str) -> usize {
    const AHEAD: usize = 2;
    let opened = memory.open_text(prompt);
    memory.checkpoint(opened.slot, prompt.len() as u32 - 1);
    assert!(memory.run(opened.slot, prompt.len() as u32));
    memory.remember_text(opened.slot, prompt);
    let text = format!("{prompt}{answer}");
    for length in prompt.len() + 1..=text.len() + AHEAD {
        assert!(memory.run(opened.slot, length as u32));
    }
    memory.remember_text(opened.slot, &text);
    memory.close(opened.slot);
    memory.check();
    opened.cached as usize
}

#[test]
fn every_shape_starts_from_where_the_chats_part() {
    let states = Some(States { recent: 4, checkpoints: 16 });
    for config in [
        config(),
        with_windows(&[None, Some(8)]),
        with_windows(&[Some(6), None, Some(9)]),
        Config { states, ..config() },
        Config { states, ..with_windows(&[None, Some(8)]) },
    ] {
        let (groups, stateful) = (config.groups.clone(), config.states.is_some());
        let mut memory = Memory::new(Config { blocks: 400, ..config });
        let first = "system prompt; the first question of the chat:";
        let second = format!("{first} its answer; a second question, which is longer than a window:");
        let first_turn = first.len() + " its answer;".len();
        assert_eq!(answer(&mut memory, first, " its answer;"), 0);
        assert_eq!(answer(&mut memory, &second, " another answer;"), first_turn, "a second turn, {groups:?}");
        assert_eq!(answer(&mut memory, &second, " regenerated."), second.len() - 1, "regenerated, {groups:?}");
        let edited = second.replace("a second", "an edited");
        let common = " a".len();
        let cached = answer(&mut memory, &edited, " a third.");
        // Windows and states are kept as they were at the end of a prompt and of an answer.
        let expected = if stateful { first_turn..=first_turn } else { first_turn..=first_turn + common };
        assert!(expected.contains(&cached), "an edited message, {groups:?}: {cached}");
        assert_eq!(answer(&mut memory, first, " or so."), first.len() - 1, "the first answer regenerated, {groups:?}");
    }
}
