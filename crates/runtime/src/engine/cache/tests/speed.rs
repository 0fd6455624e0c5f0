//! The time that the bookkeeping takes.

use std::time::Instant;

use super::*;

/// Prints the mean time of `work`.
fn measure(name: &str, mut work: impl FnMut()) {
    const TIMES: u32 = 2000;
    (0..TIMES / 10).for_each(|_| work());
    let start = Instant::now();
    (0..TIMES).for_each(|_| work());
    wgslm_testing::report(&format!("{name}: {:.1} us", start.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)));
}

/// Runs and caches `tokens` in pieces of `step`.
fn cache(memory: &mut Memory, tokens: &[u32], step: usize) {
    let opened = memory.open(tokens).expect("a slot is free");
    for end in (opened.cached as usize..tokens.len()).step_by(step).map(|start| (start + step).min(tokens.len())) {
        assert!(memory.reserve(opened.slot, end as u32));
        memory.advance(opened.slot, end as u32);
        memory.remember(opened.slot, &tokens[..end]);
    }
    memory.close(opened.slot);
}

/// A text of 4,000 tokens, of which the first 1,000 are the same for all.
fn text(number: u32) -> Vec<u32> {
    (0..4000).map(|position| if position < 1000 { position } else { position * 1000 + number }).collect()
}

#[test]
#[ignore = "it measures"]
fn a_long_prefix_costs_microseconds() {
    let windows: Vec<_> = (0..13).map(|group| (group > 1).then_some(512)).collect();
    for (name, groups) in [("one group", vec![None]), ("13 groups, 11 with windows", windows)] {
        let blocks = 4000 * groups.len() as u32;
        let mut memory = Memory::new(Config { blocks, block_tokens: 16, slots: 32, ..with_windows(&groups) });
        (0..12).for_each(|number| cache(&mut memory, &text(number), 500));
        memory.check();
        let known = text(3);
        measure(&format!("{name}, a hit of 3,999 tokens"), || {
            let opened = memory.open(&known).expect("a slot is free");
            assert_eq!(opened.cached, 3999);
            memory.close(opened.slot);
        });
        let opened = memory.open(&known).expect("a slot is free");
        memory.advance(opened.slot, 4000);
        measure(&format!("{name}, caching 4,000 tokens again"), || memory.remember(opened.slot, &known));
        let texts: Vec<_> = (100..200).map(text).collect();
        let mut next = texts.iter().cycle();
        let evicted = memory.statistics().evicted_blocks;
        measure(&format!("{name}, 4,000 tokens that take the blocks of others, in steps of 500"), || {
            cache(&mut memory, next.next().expect("it cycles"), 500);
        });
        assert!(memory.statistics().evicted_blocks > evicted);
        memory.check();
    }
}
