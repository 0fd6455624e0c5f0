//! Answers that follow regular expressions, choices and Lark grammars.

use regex::Regex;
use wgslm_grammar::{Error, Grammar};

use crate::{model, vocabularies};

/// Checks that answers match a regular expression as a whole.
fn check(grammar: &Grammar, regex: &str) {
    let regex = Regex::new(&format!("^(?s:{regex})$")).unwrap();
    for subject in vocabularies::all() {
        for seed in 0..6 {
            let text = model::answer(subject, grammar, seed);
            assert!(regex.is_match(&text), "{}: {text:?} for {grammar:?}", subject.name);
        }
    }
}

#[test]
fn answers_match_their_regular_expression() {
    for regex in [
        "",
        "a",
        "a*",
        "(a|ab)(c|bcd)",
        "(?i)foo",
        "a/b//c",
        r"\d{3}-\w+",
        r"\p{Greek}{2,4}",
        "[^a-z]{3}",
        "x{2,}y",
        "(ab?)+",
        r"\s?[日本é]+",
        r#""[^"]*""#,
        r"-?(0|[1-9]\d*)(\.\d+)?",
        r"[\x00-\x1f]{2}",
        r"\u{1F600}|\\",
        "(a|b|c|d){10}",
        ".{0,5}",
        "(a*)*b",
        r"https?://[a-z]+\.(com|org)(/[a-z]+)*",
    ] {
        check(&Grammar::Regex(regex.to_owned()), regex);
    }
}

#[test]
fn anchors_of_a_regular_expression_change_nothing() {
    check(&Grammar::Regex("^ab?$".to_owned()), "ab?");
}

#[test]
fn a_choice_is_one_of_its_texts() {
    let texts = ["", "a", "ab", "é\"/\\\n", "(a|b)*", "日本", "<|end|>"].map(str::to_owned);
    let regex: Vec<_> = texts.iter().map(|text| regex::escape(text)).collect();
    check(&Grammar::Choice(texts.to_vec()), &regex.join("|"));
    let forced = Grammar::Choice(vec!["the only one".to_owned()]);
    check(&forced, "the only one");
}

#[test]
fn answers_follow_their_lark_grammar() {
    for (grammar, regex) in [
        ("start: \"a\" | \"b\" start", "b*a"),
        ("start: WORD (\", \" WORD)*\nWORD: /[a-z]{1,4}/", "[a-z]{1,4}(, [a-z]{1,4})*"),
        ("start: sum\nsum: NUMBER (\"+\" NUMBER)~1..3\nNUMBER: /[0-9]{1,3}/", r"\d{1,3}(\+\d{1,3}){1,3}"),
        ("start: \"<\" %json {\"type\": \"integer\", \"minimum\": 3, \"maximum\": 5} \">\"", "<[345]>"),
        ("start: head \"\\n\" %json {\"enum\": [\"x\", null]}\nhead: /[A-Z]+/", "[A-Z]+\n(\"x\"|null)"),
        ("%import common.INT\nstart: INT \".\" INT", r"\d+\.\d+"),
    ] {
        check(&Grammar::Lark(grammar.to_owned()), regex);
    }
}

#[test]
fn what_a_notation_does_not_have_is_an_error_that_names_it() {
    use Grammar::{Choice, Lark, Regex};
    let subject = vocabularies::bytes();
    for (grammar, code, part) in [
        (Regex("(".to_owned()), "invalid-grammar", "unclosed group"),
        (Regex("x\\".to_owned()), "invalid-grammar", "incomplete escape"),
        (Regex("(?=a)b".to_owned()), "invalid-grammar", "look-around"),
        (Regex(r"a\b".to_owned()), "unsupported-grammar", "lookarounds not supported"),
        (Choice(Vec::new()), "invalid-grammar", "no text to choose"),
        (Lark(String::new()), "invalid-grammar", "start"),
        (Lark("start: missing".to_owned()), "invalid-grammar", "missing"),
        (Lark("start: \"a".to_owned()), "invalid-grammar", "1("),
        (Lark("start: <|nobody|>".to_owned()), "invalid-grammar", "nobody"),
    ] {
        let error: Error = subject.compiler.compile(&grammar).unwrap_err();
        assert_eq!(error.code(), code, "{error} for {grammar:?}");
        assert!(error.to_string().contains(part), "{error} for {grammar:?}");
    }
}
