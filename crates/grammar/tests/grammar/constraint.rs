//! The behaviour of a constraint beside what it accepts.

use serde_json::json;
use wgslm_grammar::{Constraint, Grammar, Whitespace};
use wgslm_testing::random::Random;

use crate::json_schema::grammar;
use crate::model::{allowed, allows};
use crate::vocabularies::{self, STOPS, Subject};

/// Grammars whose answers have forced parts, choices, recursion, and named tokens.
fn grammars() -> Vec<Grammar> {
    let person = json!({
        "type": "object", "required": ["first name", "age"], "additionalProperties": false,
        "properties": {"first name": {"type": "string", "maxLength": 9}, "age": {"type": "integer"}, "alive": {"type": "boolean"}},
    });
    vec![
        grammar(&person, Whitespace::Compact),
        grammar(&person, Whitespace::Flexible),
        Grammar::JsonObject { whitespace: Whitespace::Flexible },
        Grammar::Regex("The answer is (yes|no|yesterday), é日本{1,3}[a-z]*".to_owned()),
        Grammar::Choice(vec!["Madrid".to_owned(), "Madeira".to_owned(), "Malta, of course".to_owned()]),
        Grammar::Gbnf("root ::= \"(\" root? \")\" | [0-9]+ \" of them\"".to_owned()),
    ]
}

/// Grammars that llguidance can't take tokens back from by itself, with the vocabulary of bytes.
fn unusual_grammars() -> Vec<Grammar> {
    [
        "start: \"to=\" name <|call|> %json {\"type\": \"object\"}\nname: /[a-z]{1,5}/",
        "start: thought \"so \" /[a-z]{1,4}/\nthought[stop=\"\\n\"]: /[a-z ]*/",
        "start: short \"!\"\nshort[max_tokens=3]: /[a-z]+/",
    ]
    .map(|text| Grammar::Lark(text.to_owned()))
    .to_vec()
}

fn mask(subject: &Subject, constraint: &mut dyn Constraint) -> Vec<u32> {
    let mut words = subject.words();
    constraint.mask(&mut words).unwrap();
    words
}

/// Follows a grammar at random for some tokens, and calls `check` at each state with the mask there.
fn walk(
    subject: &Subject,
    grammar: &Grammar,
    seed: u64,
    mut check: impl FnMut(&mut Box<dyn Constraint>, &[u32], &mut Random),
) {
    let mut random = Random::new(seed);
    let mut constraint = subject.compiler.compile(grammar).unwrap();
    for _ in 0..40 {
        if constraint.is_complete() {
            return;
        }
        let words = mask(subject, constraint.as_mut());
        check(&mut constraint, &words, &mut random);
        let token = random.choose(&allowed(&words));
        constraint.commit(token).unwrap();
    }
}

#[test]
fn forced_tokens_are_the_only_ones_allowed() {
    let mut count = 0;
    for subject in vocabularies::all() {
        for (grammar, seed) in grammars().iter().zip(0..) {
            walk(subject, grammar, seed, |constraint, words, _| {
                let forced = constraint.forced().unwrap();
                assert_eq!(mask(subject, constraint.as_mut()), words, "looking changes nothing");
                let mut ahead = constraint.fork();
                for &token in &forced {
                    assert_eq!(allowed(&mask(subject, ahead.as_mut())), [token], "{}: {grammar:?}", subject.name);
                    ahead.commit(token).unwrap();
                }
                count += forced.len();
            });
        }
    }
    assert!(count > 100, "{count} tokens were forced");
}

#[test]
fn forced_text_is_spelled_as_the_tokenizer_does() {
    let Some(subject) = vocabularies::smollm2() else { return };
    let text = "The quick brown fox jumps over the lazy dog.";
    let path = wgslm_testing::smollm2_model().unwrap();
    let tokens = vocabularies::tokenizer(&path).encode(text, wgslm_text::Special::Plain).unwrap();
    let mut constraint = subject.compiler.compile(&Grammar::Choice(vec![text.to_owned()])).unwrap();
    assert_eq!(constraint.forced().unwrap(), tokens);
}

#[test]
fn every_allowed_token_can_be_committed_and_no_other() {
    let subject = vocabularies::bytes();
    for grammar in grammars().iter().chain(&unusual_grammars()) {
        walk(subject, grammar, 7, |constraint, words, random| {
            for token in (0..words.len() as u32 * 32).filter(|_| random.below(8) == 0) {
                let result = constraint.fork().commit(token);
                assert_eq!(result.is_ok(), allows(words, token), "token {token}: {grammar:?}");
                if let Err(error) = result {
                    assert_eq!(error.code(), "token-refused");
                }
            }
            assert_eq!(STOPS.map(|stop| allows(words, stop)), [constraint.is_accepting(); 2]);
        });
    }
}

#[test]
fn a_refused_token_changes_nothing() {
    let subject = vocabularies::bytes();
    let mut constraint = subject.compiler.compile(&Grammar::Regex("ab".to_owned())).unwrap();
    for byte in *b"ab" {
        for refused in [u32::from(b'x'), 256, 258, 259, 260, u32::MAX] {
            assert_eq!(constraint.commit(refused).unwrap_err().code(), "token-refused");
        }
        constraint.commit(byte.into()).unwrap();
    }
    assert!(constraint.is_complete());
    assert_eq!(constraint.commit(u32::from(b'x')).unwrap_err().code(), "token-refused");
}

#[test]
fn a_complete_answer_allows_the_stop_tokens_alone() {
    let subject = vocabularies::bytes();
    let mut constraint = subject.compiler.compile(&Grammar::Regex("ab?".to_owned())).unwrap();
    assert!(!constraint.is_accepting());
    assert_eq!(allowed(&mask(subject, constraint.as_mut())), [97]);
    constraint.commit(97).unwrap();
    assert!(constraint.is_accepting() && !constraint.is_complete());
    assert_eq!(allowed(&mask(subject, constraint.as_mut())), [98, 256, 257]);
    let mut ended = constraint.fork();
    ended.commit(257).unwrap();
    constraint.commit(98).unwrap();
    for complete in [&mut constraint, &mut ended] {
        assert!(complete.is_accepting() && complete.is_complete());
        assert_eq!(allowed(&mask(subject, complete.as_mut())), [256, 257]);
        assert!(complete.forced().unwrap().is_empty());
    }
    assert_eq!(ended.commit(257).unwrap_err().code(), "token-refused");
    ended.rollback(1).unwrap();
    assert_eq!(allowed(&mask(subject, ended.as_mut())), [98, 256, 257]);
}

#[test]
fn a_grammar_of_nothing_is_complete_at_once() {
    for subject in vocabularies::all() {
        let mut constraint = subject.compiler.compile(&Grammar::Choice(vec![String::new()])).unwrap();
        assert!(constraint.is_complete() && constraint.is_accepting());
        let stops = subject.compiler.vocabulary().stop_tokens();
        let mut stops = stops.to_vec();
        stops.sort_unstable();
        assert_eq!(allowed(&mask(subject, constraint.as_mut())), stops);
    }
}

#[test]
fn taking_tokens_back_restores_the_masks() {
    for subject in vocabularies::all() {
        let unusual = if subject.name == "bytes" { unusual_grammars() } else { Vec::new() };
        for (grammar, seed) in grammars().iter().chain(&unusual).zip(100..) {
            let mut history: Vec<Vec<u32>> = Vec::new();
            let mut random = Random::new(seed);
            let mut constraint = subject.compiler.compile(grammar).unwrap();
            for _ in 0..60 {
                let words = mask(subject, constraint.as_mut());
                history.push(words);
                if constraint.is_complete() || random.below(4) == 0 {
                    let count = random.below(history.len().min(6));
                    constraint.rollback(count).unwrap();
                    history.truncate(history.len() - count);
                    let words = mask(subject, constraint.as_mut());
                    assert_eq!(Some(&words), history.last(), "{}: {count} tokens: {grammar:?}", subject.name);
                }
                if constraint.is_complete() {
                    history.pop();
                    continue;
                }
                let tokens = allowed(history.last().unwrap());
                constraint.commit(random.choose(&tokens)).unwrap();
            }
        }
    }
}

#[test]
fn more_tokens_than_there_are_can_not_be_taken_back() {
    let mut constraint = vocabularies::bytes().compiler.compile(&Grammar::Regex("a+".to_owned())).unwrap();
    constraint.commit(97).unwrap();
    assert_eq!(constraint.rollback(2).unwrap_err().code(), "grammar");
    constraint.rollback(1).unwrap();
    assert!(!constraint.is_accepting());
}

#[test]
fn copies_go_their_own_ways() {
    let subject = vocabularies::bytes();
    let mut first = subject.compiler.compile(&Grammar::Choice(vec!["abc".to_owned(), "abd".to_owned()])).unwrap();
    first.commit(97).unwrap();
    let mut second = first.fork();
    first.commit(98).unwrap();
    first.commit(99).unwrap();
    assert!(first.is_complete() && !second.is_complete());
    second.commit(98).unwrap();
    second.commit(100).unwrap();
    assert!(second.is_complete());
}
