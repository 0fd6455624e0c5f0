//! Grammars that ask for too much: each is refused or followed in bounded time, and nothing panics.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wgslm_grammar::{Grammar, Limits, Vocabulary, Whitespace};

use crate::json_schema::grammar;
use crate::model::allowed;
use crate::vocabularies::{self, Subject};

/// The longest that compiling, or the first mask, may take.
const LIMIT: Duration = Duration::from_secs(1);

/// The time that this thread has run for. On systems that don't say, it is the time of day, which depends on other programs.
fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let ran = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = ran.and_then(|ran| ran.split(' ').next()?.parse().ok()).map(Duration::from_nanos);
    ran.unwrap_or_else(|| START.elapsed())
}

/// Runs `work`, and checks that it takes no longer than [`LIMIT`].
fn bounded<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let start = now();
    let result = work();
    let took = now() - start;
    assert!(took < LIMIT, "{took:?} for {name}");
    result
}

/// Compiles a grammar and takes some masks; returns the codes of errors.
fn survive(subject: &Subject, grammar: &Grammar) -> Option<&'static str> {
    let name: String = format!("{grammar:?}").chars().take(200).collect();
    let mut constraint = match bounded(&format!("compile {name}"), || subject.compiler.compile(grammar)) {
        Ok(constraint) => constraint,
        Err(error) => {
            assert!(!error.to_string().contains("panic"), "{error} for {name}");
            return Some(error.code());
        }
    };
    let mut words = subject.words();
    for _ in 0..4 {
        let step = || constraint.mask(&mut words).and_then(|()| constraint.commit(allowed(&words)[0]));
        if let Err(error) = bounded(&format!("mask {name}"), step) {
            assert!(!error.to_string().contains("panic"), "{error} for {name}");
            return Some(error.code());
        }
        if constraint.is_complete() {
            break;
        }
    }
    None
}

/// A Lark grammar of so many rules, or terminals, inside each other.
fn chain(length: usize, name: &str, before: &str, after: &str) -> String {
    let mut text = format!("start: {name}0\n");
    for number in 0..length {
        writeln!(text, "{name}{number}: {before}{name}{}{after}", number + 1).unwrap();
    }
    text + &format!("{name}{length}: \"a\"")
}

/// A schema inside others.
fn nested(depth: usize, wrap: impl Fn(Value) -> Value) -> Value {
    (0..depth).fold(json!({"type": "integer"}), |inner, _| wrap(inner))
}

#[test]
fn hostile_schemas_are_bounded() {
    let pair = |inner: Value| json!({"anyOf": [{"type": "array", "items": inner}, inner]});
    let options: Vec<Value> =
        (0..12).map(|n| json!({"anyOf": [{"required": [format!("a{n}")]}, {"required": [format!("b{n}")]}]})).collect();
    let chain: serde_json::Map<_, _> = (0..30)
        .map(|n| (format!("d{n}"), json!({"anyOf": [{"$ref": format!("#/$defs/d{}", n + 1)}, {"type": "array", "items": {"$ref": format!("#/$defs/d{}", n + 1)}}]})))
        .chain([("d30".to_owned(), json!({"type": "null"}))])
        .collect();
    let names: Vec<String> = (0..10_000).map(|n| format!("name {n}")).collect();
    let properties: serde_json::Map<_, _> =
        names[..2000].iter().map(|name| (name.clone(), json!({"type": "string"}))).collect();
    for schema in [
        json!({"allOf": [{"multipleOf": 999_999}, {"multipleOf": 999_983}], "type": "integer"}),
        json!({"allOf": [{"multipleOf": 0.000_001}, {"multipleOf": 999_983}], "type": "number"}),
        json!({"type": "number", "multipleOf": 0}),
        json!({"type": "number", "multipleOf": -3}),
        nested(12, pair),
        json!({"type": "object", "allOf": options}),
        json!({"$ref": "#/$defs/d0", "$defs": chain}),
        nested(100, |inner| json!({"type": "array", "items": inner})),
        nested(60, |inner| json!({"type": "object", "properties": {"a": inner}, "required": ["a"]})),
        nested(60, |inner| json!({"allOf": [inner, {"minimum": 1}]})),
        json!({"$ref": "#"}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"type": "object"}]}}}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": {"x": {"$ref": "#/$defs/a"}}, "required": ["x"]}}}),
        json!({"enum": names}),
        json!({"type": "object", "properties": properties}),
        json!({"type": "object", "properties": properties, "required": names[..2000]}),
        json!({"type": "array", "minItems": 1_000_000_000}),
        json!({"type": "array", "items": {"type": "object"}, "minItems": 100_000, "maxItems": 200_000}),
        json!({"type": "string", "maxLength": 1_000_000_000_u64}),
        json!({"type": "string", "minLength": 1_000_000}),
        json!({"type": "string", "minLength": 5, "maxLength": u64::MAX}),
        json!({"type": "string", "pattern": "(a+)+(a+)+$"}),
        json!({"type": "string", "pattern": "(.*a){12}.{30}b"}),
        json!({"type": "string", "pattern": "(((a{0,99}){0,99}){0,99}){0,99}"}),
        json!({"type": "string", "pattern": "("}),
        json!({"type": "string", "pattern": "a*".repeat(50_000)}),
        json!({"type": "object", "patternProperties": {"a?".repeat(50_000): {}}}),
        json!({"type": "string", "pattern": "[é日]".repeat(2000)}),
        json!({"allOf": [{"pattern": "(a|b)*a(a|b){20}"}, {"pattern": "(a|b)*b(a|b){21}"}], "type": "string"}),
        json!({"type": "object", "patternProperties": {"a.*b.*c": {}, "c.*b.*a": {"type": "integer"}, ".{9}": {"type": "integer"}}}),
        json!({"type": "object", "minProperties": 100_000, "additionalProperties": {"type": "null"}}),
        json!({"type": "integer", "minimum": 1e300}),
        json!({"type": "integer", "minimum": -9.3e18, "maximum": 9.3e18}),
        json!({"type": "integer", "minimum": i64::MIN, "maximum": u64::MAX}),
        json!({"type": "integer", "exclusiveMinimum": i64::MIN, "exclusiveMaximum": i64::MAX, "multipleOf": 3}),
        json!({"type": "number", "minimum": -1e300, "maximum": 1e300}),
        json!({"type": "integer", "maximum": -1e300}),
        json!({"type": "number", "multipleOf": 1e-30}),
        json!({"type": "integer", "multipleOf": 982_451_653}),
        json!({"type": "number", "minimum": 1e-300, "maximum": 2e-300}),
        json!({"x-guidance": {"whitespace_pattern": "(((.{0,99}){0,99}){0,99})"}, "type": "object"}),
        json!({"type": "é".repeat(200)}),
        json!({"é".repeat(99): {"é".repeat(99): 1}, "type": "object", "not": "é".repeat(200)}),
        json!({"anyOf": vec![json!({"type": "object", "properties": {"a": {"type": "string"}}}); 300]}),
        json!({"oneOf": (0..60).map(|n| json!({"type": "object", "properties": {"k": {"const": n}}, "required": ["k"]})).collect::<Vec<_>>()}),
    ] {
        for subject in vocabularies::all() {
            survive(subject, &grammar(&schema, Whitespace::Flexible));
        }
    }
}

#[test]
fn hostile_regular_expressions_and_grammars_are_bounded() {
    let mut doubling = "start: r0\n".to_owned();
    let mut doubling_gbnf = "root ::= r0\n".to_owned();
    for n in 0..40 {
        writeln!(doubling, "r{n}: r{0} r{0}", n + 1).unwrap();
        writeln!(doubling_gbnf, "r{n} ::= r{0} r{0}", n + 1).unwrap();
    }
    doubling.push_str("r40: \"a\"");
    doubling_gbnf.push_str("r40 ::= \"a\"");
    let regexes = [
        "(a+)+$".to_owned(),
        "(.*a){15}.*".to_owned(),
        "(?s).*a.{25}b".to_owned(),
        "(((a{0,50}){0,50}){0,50}){0,50}".to_owned(),
        "[a-z]{1000}x".to_owned(),
        "a{1000000}".to_owned(),
        "\\p{L}{0,500}\\p{N}{0,500}".to_owned(),
        "(".repeat(10_000),
        format!("{}a{}", "(".repeat(200), ")".repeat(200)),
        "a|b".repeat(20_000),
        "a*".repeat(100_000),
        "a*".repeat(2000),
        "[a-z]?".repeat(40_000),
        "a*|".repeat(40_000),
        "ab".repeat(100_000),
    ];
    let larks = [
        doubling,
        "start: start start | \"a\"".to_owned(),
        "start: start | \"a\"".to_owned(),
        "start: (\"\")* \"a\"".to_owned(),
        format!("start: {}\"a\"{}", "(".repeat(500), ")".repeat(500)),
        "start: /(((a{0,50}){0,50}){0,50}){0,50}/".to_owned(),
        "start: %json {".to_owned(),
        format!("start: {}", "\"a\" | ".repeat(10_000)),
        "é".repeat(1000),
        "\"".repeat(1001),
        "start: \"a\"{0,2000000000}".to_owned(),
        chain(998, "T", "\"x\" ", ""),
        chain(998, "r", "\"x\" ", " \"y\""),
        chain(39, "T", &"(".repeat(24), &")".repeat(24)),
        chain(39, "r", &"(".repeat(24), &")".repeat(24)),
        chain(10_000, "r", "", ""),
        "start: (a b){100000}\na: \"a\" | a \"c\"\nb: \"b\"".to_owned(),
    ];
    let gbnfs = [
        doubling_gbnf,
        "root ::= root root | \"a\"".to_owned(),
        "root ::= root".to_owned(),
        format!("root ::= {}", "(".repeat(100_000)),
        format!("root ::= {}", "\"a\"*".repeat(20_000)),
        format!("root ::= {} \"a\"", "\"a\"* | ".repeat(20_000)),
        format!("root ::= {}\nx ::= \"a\"?", "x ".repeat(20_000)),
        format!("root ::= x{}\nx ::= \"a\"", "{0,2000}".repeat(8)),
        format!("root ::= [{}]", "\\x41-z".repeat(20_000)),
        (0..20_000).map(|n| format!("r{n} ::= r{}\n", n + 1)).collect(),
        (0..5000).fold("root ::= r0\n".to_owned(), |text, n| format!("{text}r{n} ::= \"a\" r{} \"b\"\n", n + 1))
            + "r5000 ::= root",
        (0..5000).fold("root ::= r0\n".to_owned(), |text, n| format!("{text}r{n} ::= \"a\" r{} \"b\"\n", n + 1))
            + "r5000 ::= \"c\"",
    ];
    let regexes = regexes.into_iter().map(Grammar::Regex);
    for grammar in regexes.chain(larks.into_iter().map(Grammar::Lark)).chain(gbnfs.into_iter().map(Grammar::Gbnf)) {
        for subject in vocabularies::all() {
            survive(subject, &grammar);
        }
    }
}

#[test]
fn what_is_refused_says_why() {
    let flexible = |schema: &str| Grammar::JsonSchema { schema: schema.to_owned(), whitespace: Whitespace::Flexible };
    for (schema, code, part) in [
        ("", "invalid-grammar", "it is no JSON"),
        ("{", "invalid-grammar", "it is no JSON"),
        ("[]", "invalid-grammar", "a schema is an object or a boolean"),
        ("false", "invalid-grammar", "accepts nothing"),
        (&format!("{}{}", "[".repeat(1000), "]".repeat(1000)), "invalid-grammar", "recursion limit"),
        (r#"{"type": "thing"}"#, "invalid-grammar", "thing"),
        (r#"{"not": {"type": "string"}}"#, "unsupported-grammar", "\"not\""),
        (r#"{"type": "array", "uniqueItems": true}"#, "unsupported-grammar", "uniqueItems"),
        (r#"{"if": {}, "then": {}}"#, "unsupported-grammar", "\"then\""),
        (r#"{"type": "string", "format": "regex"}"#, "unsupported-grammar", "regex"),
        (r##"{"$ref": "#/$defs/missing"}"##, "invalid-grammar", "missing"),
        (r#"{"$ref": "http://example.com/schema"}"#, "unsupported-grammar", "http://example.com/schema"),
        (r#"{"type": "integer", "minimum": 5, "maximum": 3}"#, "invalid-grammar", "nsatisfiable"),
        (r#"{"type": "integer", "minimum": 1e30}"#, "invalid-grammar", "nsatisfiable"),
        (r#"{"items": {"multipleOf": 982451653}}"#, "unsupported-grammar", "multipleOf 982451653"),
        (r#"{"items": {"multipleOf": 0.3333333333}}"#, "unsupported-grammar", "multipleOf 0.3333333333"),
        (r#"{"enum": []}"#, "invalid-grammar", "Unsatisfiable schema"),
        (r#"{"allOf": [{"type": "string"}, {"type": "integer"}]}"#, "invalid-grammar", "nsatisfiable"),
    ] {
        let error = vocabularies::bytes().compiler.compile(&flexible(schema)).unwrap_err();
        assert_eq!(error.code(), code, "{error} for {schema}");
        assert!(error.to_string().contains(part), "{error} for {schema}");
    }
    let long = Grammar::Regex("a".repeat(Limits::default().text_bytes + 1));
    assert_eq!(survive(vocabularies::bytes(), &long), Some("grammar-too-complex"));
}

#[test]
fn unusable_vocabularies_are_refused() {
    let token = || b"a".to_vec();
    for (tokens, stops, part) in [
        (vec![token()], vec![1], "the stop token 1 is not one of its 1 tokens"),
        (vec![vec![b'a'; 1024]], vec![], "token 0 has 1024 bytes"),
        (vec![vec![b'a'; 1000]; 5000], vec![], "5000 tokens of 5000000 bytes"),
    ] {
        let error = Vocabulary::new(&tokens, &stops, None).unwrap_err();
        assert_eq!(error.code(), "grammar-vocabulary");
        assert!(error.to_string().contains(part), "{error}");
    }
    for packed in [&[1, 0, 0][..], &[2, 0, 0, 0, b'a'], &[255; 4]] {
        assert_eq!(Vocabulary::from_packed(packed, &[], None).unwrap_err().code(), "grammar-vocabulary");
    }
}

#[test]
fn a_vocabulary_without_the_bytes_of_a_grammar_ends_in_an_error() {
    let vocabulary = Vocabulary::new(&[b"a".to_vec(), Vec::new()], &[1], None).unwrap();
    let compiler = wgslm_grammar::Compiler::new(vocabulary, Limits::default()).unwrap();
    let mut constraint = compiler.compile(&Grammar::Regex("ab".to_owned())).unwrap();
    constraint.commit(0).unwrap();
    let mut words = [u32::MAX];
    assert_eq!(constraint.mask(&mut words).unwrap_err().code(), "grammar");
    assert_eq!(words, [0]);
}
