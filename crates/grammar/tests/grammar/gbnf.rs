//! Answers that follow GBNF grammars.

use regex::Regex;
use wgslm_grammar::Grammar;

use crate::{model, vocabularies};

/// JSON, as llama.cpp's users write it.
const JSON: &str = r#"
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
array  ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-cA-C] [0-9a-fA-F]{3}) )* "\"" ws # with escapes
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)? ([eE] [-+]? [0-9])? ws
ws     ::= | " " | "\n" [ \t]{0,20}
"#;

#[test]
fn answers_match_what_the_grammar_says() {
    for (grammar, regex) in [
        ("root ::= \"a\"", "a"),
        ("root ::= \"\"", ""),
        ("root ::= \"a\" |", "a?"),
        ("root ::= (\"a\" | \"ab\") (\"c\" | \"bcd\")", "(a|ab)(c|bcd)"),
        ("root ::= item+\nitem ::= \"- \" [^\\r\\n]{1,5} \"\\n\"", "(- [^\r\n]{1,5}\n)+"),
        ("root ::= [a-z]{2} [0-9]{1,3} [x-]{2,} \"!\"{0}", "[a-z]{2}[0-9]{1,3}[x-]{2,}"),
        ("root ::= a?b\na ::= \"a\"\nb ::= \"b\"", "a?b"),
        ("# a comment\nroot ::= # another\n  \"x\"\n  | \"y\" # and more\n\n\n", "x|y"),
        ("root ::= \"\\x41\\u00e9\\U0001F600\\t\\\"\\\\\"", "Aé😀\t\"\\\\"),
        ("root ::= [\\]\\[^-] [^\\]] .", r"[\]\[^-][^\]](?s:.)"),
        ("root ::= \"if\" | [a-z]+", "[a-z]+"),
        ("root ::= pair | pair root\npair ::= [a-c] \"=\" [0-9] \";\"", "([a-c]=[0-9];)+"),
        ("root ::= unused? \"x\"\nunused ::= \"y\"\nnever ::= \"z\" never", "y?x"),
        ("root ::= Upper-Case_1\nUpper-Case_1 ::= \"u\"", "u"),
        ("root ::= \"a\"\nroot ::= \"b\"", "b"),
        ("root ::= ((((\"a\"))))*", "a*"),
    ] {
        let regex = Regex::new(&format!("^({regex})$")).unwrap();
        for subject in vocabularies::all() {
            for seed in 0..4 {
                let text = model::answer(subject, &Grammar::Gbnf(grammar.to_owned()), seed);
                assert!(regex.is_match(&text), "{}: {text:?} for {grammar:?}", subject.name);
            }
        }
    }
}

#[test]
fn recursive_grammars_are_followed() {
    let brackets = "root ::= \"(\" root* \")\" | \"[\" root* \"]\" | \"n\"";
    let sums = "root ::= sum\nsum ::= sum \"+\" sum | \"(\" sum \")\" | [0-9]+";
    for subject in vocabularies::all() {
        for seed in 0..20 {
            let text = model::answer(subject, &Grammar::Gbnf(brackets.to_owned()), seed);
            assert!(is_balanced(&text), "{text}");
            let text = model::answer(subject, &Grammar::Gbnf(sums.to_owned()), seed);
            assert!(is_balanced(&text) && !text.contains("()") && !text.contains("++"), "{text}");
            let text = model::answer(subject, &Grammar::Gbnf(JSON.to_owned()), seed);
            assert!(serde_json::from_str::<serde_json::Value>(&text).unwrap().is_object(), "{text}");
        }
    }
}

/// True if the brackets of a text belong together.
fn is_balanced(text: &str) -> bool {
    let mut open = Vec::new();
    let closes = |character| match character {
        '(' | '[' => {
            open.push(character);
            true
        }
        ')' => open.pop() == Some('('),
        ']' => open.pop() == Some('['),
        _ => true,
    };
    text.chars().all(closes) && open.is_empty()
}

#[test]
fn tokens_are_named_in_angle_brackets() {
    let subject = vocabularies::bytes();
    for grammar in ["root ::= [a-c]+ <|call|> \"d\"", "root ::= [a-c]+ <[258]> \"d\""] {
        let constraint = subject.compiler.compile(&Grammar::Gbnf(grammar.to_owned())).unwrap();
        let tokens = model::write(subject, constraint, 1).unwrap();
        assert_eq!(tokens[tokens.len() - 2..], [258, u32::from(b'd')], "{grammar}");
    }
}

#[test]
fn mistakes_are_errors_that_name_their_place() {
    for (grammar, code, part) in [
        ("", "invalid-grammar", "no rule `root`"),
        ("start ::= \"a\"", "invalid-grammar", "no rule `root`"),
        ("root ::= other", "invalid-grammar", "`other` is used but not defined"),
        ("root ::= \"a\"\n\n= x", "invalid-grammar", "line 3 should have the name of a rule at \"= x\""),
        ("root = \"a\"", "invalid-grammar", "`::=`"),
        ("root ::= \"a", "invalid-grammar", "the end of a text"),
        ("root ::= [a", "invalid-grammar", "the end of a text or range"),
        ("root ::= []", "invalid-grammar", "a character in the brackets"),
        ("root ::= [z-a]", "invalid-grammar", "ascending"),
        ("root ::= (\"a\"", "invalid-grammar", "`)`"),
        ("root ::= \"a\")", "invalid-grammar", "the end of a rule"),
        ("root ::= \"a\"{3,2}", "invalid-grammar", "a range"),
        ("root ::= \"a\"{x}", "invalid-grammar", "a number"),
        ("root ::= \"\\q\"", "invalid-grammar", "an escape"),
        ("root ::= \"\\ud800\"", "invalid-grammar", "the number of a character"),
        ("root ::= \"\\u00é\"", "invalid-grammar", "the number of a character"),
        ("root ::= \"a\"{9999}", "grammar-too-complex", "9999 repetitions"),
        ("root ::= !<|call|>", "unsupported-grammar", "all tokens but one"),
    ] {
        let error = vocabularies::bytes().compiler.compile(&Grammar::Gbnf(grammar.to_owned())).unwrap_err();
        assert_eq!(error.code(), code, "{error} for {grammar:?}");
        assert!(error.to_string().contains(part), "{error} for {grammar:?}");
    }
}
