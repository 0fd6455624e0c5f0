//! Damages files in random ways, from a fixed seed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::random::Random;

/// The offsets of likely lengths, counts, types or offsets: eight bytes that hold a small number.
fn number_fields(file: &[u8]) -> Vec<usize> {
    let small = |field: &[u8]| field[..2] != [0, 0] && field[2..] == [0; 6];
    file.windows(8).enumerate().filter(|(_, field)| small(field)).map(|(place, _)| place).collect()
}

/// Damages a file in one to four places, sometimes with bytes of `other`.
pub fn damage(random: &mut Random, file: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..=random.below(4) {
        if file.is_empty() {
            return;
        }
        let place = random.below(file.len());
        let end = place + random.below(64.min(file.len() - place)) + 1;
        match random.below(8) {
            0 => file[place] ^= 1 << random.below(8),
            1 => file[place] = random.choose(&[0, 1, 0x7f, 0x80, 0xfe, 0xff]),
            2 => file[place..end].fill(random.choose(&[0, 0x7f, 0xff])),
            3 | 4 => {
                let fields = number_fields(&file[..file.len().min(8192)]);
                if !fields.is_empty() {
                    let field = random.choose(&fields);
                    overwrite_number(random, file, field);
                }
            }
            5 => {
                let repeated = file[place..end].to_vec();
                file.splice(place..place, repeated);
            }
            6 => drop(file.drain(place..end)),
            _ => {
                let from = random.below(other.len());
                let until = from + random.below(256.min(other.len() - from)) + 1;
                file.splice(place..end, other[from..until].iter().copied());
            }
        }
    }
}

/// Replaces the 64-bit number at `place` by one that may overflow, wrap or claim a huge size.
fn overwrite_number(random: &mut Random, file: &mut [u8], place: usize) {
    let extremes = [0, 1, 0xff, 0xffff, 1 << 16, 1 << 22, 1 << 31, u32::MAX.into(), 1 << 40, 1 << 61, 1 << 62, 1 << 63];
    let number: u64 = match random.below(3) {
        0 => random.choose(&extremes),
        1 => random.choose(&extremes).wrapping_sub(1),
        _ => random.bits() >> random.below(64),
    };
    file[place..place + 8].copy_from_slice(&number.to_le_bytes());
}

/// A random size of the pieces in which a file is read: tiny, small, large or the whole file.
pub fn piece_limit(random: &mut Random) -> usize {
    random.choose(&[1, 3, 16, 100, 1 << 12, usize::MAX])
}

/// Runs `check` on `count` cases, each with its own seed, and names the case that fails.
pub fn for_each_case(count: u64, check: impl Fn(&mut Random)) {
    for seed in 0..count {
        let result = catch_unwind(AssertUnwindSafe(|| check(&mut Random::new(seed))));
        assert!(result.is_ok(), "case {seed} of {count} failed: see the panic above");
    }
}
