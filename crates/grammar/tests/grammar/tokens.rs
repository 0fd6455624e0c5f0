//! How grammars see the tokens of a model.

use std::sync::Arc;

use wgslm_grammar::{Compiler, Grammar, Limits, Vocabulary};
use wgslm_testing::golden;
use wgslm_text::{Special, Tokenizer};

use crate::model::allows;
use crate::vocabularies::{self, Subject};

/// The tokenizer of a small model: 256 bytes, control tokens, ` t` and `he`.
fn small() -> Tokenizer {
    vocabularies::tokenizer(&golden("arch/tiny-llama-q8_0.gguf"))
}

/// The tokens of the only answer to a grammar.
fn only_answer(subject: &Subject, grammar: &Grammar) -> Vec<u32> {
    crate::model::write(subject, subject.compiler.compile(grammar).unwrap(), 1).unwrap()
}

#[test]
fn text_never_becomes_a_control_token() {
    let tokenizer = small();
    let control = tokenizer.encode("<|x57|>", Special::Parse).unwrap();
    assert_eq!(control.len(), 1);
    let subject = Subject::of("small", tokenizer);
    let tokens = only_answer(&subject, &Grammar::Choice(vec!["<|x57|>".to_owned()]));
    assert_eq!(subject.text(&tokens), "<|x57|>");
    assert!(!tokens.contains(&control[0]));
    // But a grammar can ask for it.
    let named = Grammar::Lark("start: \"a\" <|x57|> \"b\"".to_owned());
    assert_eq!(only_answer(&subject, &named)[1], control[0]);
}

#[test]
fn suppressed_tokens_are_never_allowed() {
    let choice = |texts: [&str; 2]| Grammar::Choice(texts.map(str::to_owned).to_vec());
    let mut tokenizer = small();
    tokenizer.add_suppressed_tokens(&[u32::from(b'z')]);
    let subject = Subject::of("small", tokenizer);
    for texts in [["zoo", "yes"], ["yes", "yez"]] {
        let mut words = subject.words();
        subject.compiler.compile(&choice(texts)).unwrap().mask(&mut words).unwrap();
        assert!(!allows(&words, u32::from(b'z')));
        assert_eq!(subject.text(&only_answer(&subject, &choice(texts))), "yes");
    }
    // Text that can't be spelled without it is an error, not another text.
    let mut constraint = subject.compiler.compile(&choice(["blizzard", "blizzards"])).unwrap();
    assert_eq!(constraint.forced().unwrap(), b"bli".map(u32::from));
    for byte in *b"bli" {
        constraint.commit(byte.into()).unwrap();
    }
    assert!(constraint.forced().unwrap().is_empty());
    assert_eq!(constraint.mask(&mut subject.words()).unwrap_err().code(), "grammar");
}

#[test]
fn stop_tokens_that_are_added_end_answers_too() {
    let mut tokenizer = small();
    tokenizer.add_stop_tokens(&[300]);
    let stops = tokenizer.stop_tokens().to_vec();
    assert!(stops.len() > 1 && stops.contains(&300));
    let subject = Subject::of("small", tokenizer);
    let mut constraint = subject.compiler.compile(&Grammar::Regex("a*".to_owned())).unwrap();
    let mut words = subject.words();
    constraint.mask(&mut words).unwrap();
    assert!(stops.iter().all(|&stop| allows(&words, stop)));
}

#[test]
fn forced_text_is_spelled_right_by_tokenizers_that_put_a_space_before_it() {
    let tokens: Vec<Vec<u8>> =
        [" ", "\n", "a", "b", "ab", " a", "\u{e9}"].map(|text| text.as_bytes().to_vec()).to_vec();
    let texts = tokens.clone();
    // Like SentencePiece: a space comes first, and the longest token at each place.
    let tokenise = move |text: &str| {
        let text = format!(" {text}");
        let (mut rest, mut spelled) = (text.as_bytes(), Vec::new());
        while let Some((token, bytes)) =
            texts.iter().enumerate().filter(|(_, bytes)| rest.starts_with(bytes)).max_by_key(|(_, bytes)| bytes.len())
        {
            spelled.push(token as u32);
            rest = &rest[bytes.len()..];
        }
        spelled
    };
    let vocabulary = Vocabulary::new(&tokens, &[], Some(Box::new(tokenise))).unwrap();
    let compiler = Compiler::new(vocabulary, Limits::default()).unwrap();
    for (text, forced) in [("ab a", &[4, 5][..]), ("\nb", &[1, 3]), ("é", &[6])] {
        let mut constraint = compiler.compile(&Grammar::Choice(vec![text.to_owned()])).unwrap();
        assert_eq!(constraint.forced().unwrap(), forced, "{text:?}");
    }
}

#[test]
fn without_a_tokenizer_nothing_is_forced() {
    let tokens = [b"a".to_vec(), b"ab".to_vec(), b"b".to_vec(), Vec::new()];
    let compiler = Compiler::new(Vocabulary::new(&tokens, &[3], None).unwrap(), Limits::default()).unwrap();
    let mut constraint = compiler.compile(&Grammar::Choice(vec!["ab".to_owned()])).unwrap();
    let mut words = [0];
    constraint.mask(&mut words).unwrap();
    assert!(constraint.forced().unwrap().is_empty());
    assert_eq!(words, [0b0011], "both ways to spell it are open");
}

#[test]
fn a_vocabulary_is_the_same_from_its_tokenizer_and_packed() {
    let tokenizer = Arc::new(small());
    let packed = Vocabulary::from_packed(&tokenizer.packed_tokens(), tokenizer.stop_tokens(), None).unwrap();
    let whole = Vocabulary::of(Arc::clone(&tokenizer)).unwrap();
    assert_eq!(packed.size(), tokenizer.vocabulary_size());
    assert_eq!((packed.size(), packed.stop_tokens()), (whole.size(), whole.stop_tokens()));
}
