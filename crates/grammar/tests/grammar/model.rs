//! A model that knows nothing: it chooses among the allowed tokens at random, and is inclined to end.

use wgslm_grammar::{Constraint, Grammar};
use wgslm_testing::random::Random;

use crate::vocabularies::Subject;

/// The tokens after which the model tries to end its answer.
const LONG: usize = 40;
/// The tokens of an answer that should have ended.
const TOO_LONG: usize = 4000;
/// Bytes that end what is open, the likeliest to end it first.
const CLOSING: &[u8] = b"\"@)}],n0";

/// True if a mask allows a token.
pub(crate) fn allows(words: &[u32], token: u32) -> bool {
    words[token as usize / 32] >> (token % 32) & 1 == 1
}

/// The tokens that a mask allows.
pub(crate) fn allowed(words: &[u32]) -> Vec<u32> {
    (0..words.len() as u32 * 32).filter(|&token| allows(words, token)).collect()
}

/// An answer of the model of this seed, as text.
pub(crate) fn answer(subject: &Subject, grammar: &Grammar, seed: u64) -> String {
    let constraint = subject.compiler.compile(grammar).unwrap_or_else(|error| panic!("{error} for {grammar:?}"));
    let tokens = write(subject, constraint, seed).unwrap_or_else(|error| panic!("{error} for {grammar:?}"));
    subject.text(&tokens)
}

/// The tokens of an answer of the model of this seed, without the stop token.
pub(crate) fn write(
    subject: &Subject,
    mut constraint: Box<dyn Constraint>,
    seed: u64,
) -> Result<Vec<u32>, wgslm_text::Error> {
    let mut random = Random::new(seed);
    let mut words = subject.words();
    let mut tokens = Vec::new();
    let stops = subject.compiler.vocabulary().stop_tokens();
    while !constraint.is_complete() {
        // Some answers take what is forced without looking, as an engine does; the others meet it in the masks.
        if seed.is_multiple_of(2) {
            let forced = constraint.forced()?;
            for &token in &forced {
                constraint.commit(token)?;
            }
            tokens.extend_from_slice(&forced);
            if !forced.is_empty() {
                continue;
            }
        }
        constraint.mask(&mut words)?;
        let token = choose(subject, &mut random, &words, stops, tokens.len());
        constraint.commit(token)?;
        if stops.contains(&token) {
            break;
        }
        tokens.push(token);
        let text = || subject.text(&tokens).chars().take(400).collect::<String>();
        assert!(tokens.len() < TOO_LONG, "{}: no end: {}", subject.name, text());
    }
    assert!(constraint.is_accepting());
    Ok(tokens)
}

fn choose(subject: &Subject, random: &mut Random, words: &[u32], stops: &[u32], length: usize) -> u32 {
    let ends = length >= LONG || random.below(3) == 0;
    let tokens = allowed(words);
    if ends {
        if let Some(&stop) = stops.iter().find(|&&stop| allows(words, stop)) {
            return stop;
        }
        // Not always what closes: some text needs other bytes before it can end.
        let byte = |byte: u8| tokens.iter().copied().find(|&token| subject.tokens[token as usize] == [byte]);
        if let Some(token) = CLOSING.iter().find_map(|&closing| byte(closing)).filter(|_| random.below(4) > 0) {
            return token;
        }
        if let Some(token) = byte(random.below(128) as u8) {
            return token;
        }
    }
    random.choose(&tokens)
}
