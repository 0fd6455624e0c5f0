//! Measures compiling grammars and computing masks: `cargo bench -p wgslm-grammar --bench mask -- MODEL.gguf`.

use std::sync::Arc;
use std::time::Instant;

use wgslm_formats::gguf::{Event, Metadata, Reader};
use wgslm_grammar::{Compiler, Grammar, Limits, Vocabulary, Whitespace};
use wgslm_testing::random::Random;
use wgslm_text::Tokenizer;

/// Answers to each grammar.
const ANSWERS: u64 = 40;
/// The most tokens of an answer.
const TOKENS: usize = 60;

const SCHEMA: &str = r#"{
    "type": "object", "required": ["name", "age", "tags", "address"], "additionalProperties": false,
    "properties": {
        "name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 40}, "maxItems": 4},
        "address": {"type": "object", "properties": {"zip": {"type": "string", "pattern": "^\\d{5}$"}}, "required": ["zip"]}
    }
}"#;

const GBNF: &str = r#"root ::= object
value ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
array ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::= "\"" ( [^"\\\x7F\x00-\x1F] | "\\" ["\\bfnrt] )* "\"" ws
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)? ws
ws ::= | " " | "\n" [ \t]{0,20}"#;

fn main() {
    let Some(path) = std::env::args().skip(1).find(|argument| !argument.starts_with("--")) else { return };
    let tokenizer = Tokenizer::from_metadata(&mut metadata(&path)).expect("a tokenizer");
    let start = Instant::now();
    let vocabulary = Vocabulary::of(Arc::new(tokenizer)).expect("a vocabulary");
    let built = start.elapsed();
    let compiler = Compiler::new(vocabulary, Limits::default()).expect("a compiler");
    let (vocabulary, all) = (built.as_secs_f64() * 1e3, start.elapsed().as_secs_f64() * 1e3);
    println!(
        "{} tokens: vocabulary {vocabulary:.0} ms, compiler {:.0} ms",
        compiler.vocabulary().size(),
        all - vocabulary
    );
    let whitespace = Whitespace::Flexible;
    for (name, grammar) in [
        ("JSON Schema", Grammar::JsonSchema { schema: SCHEMA.to_owned(), whitespace }),
        ("JSON object", Grammar::JsonObject { whitespace }),
        ("regex", Grammar::Regex("[A-Z][a-z ,]{20,200}\\.( [A-Z][a-z ]+\\.)*".to_owned())),
        ("GBNF", Grammar::Gbnf(GBNF.to_owned())),
    ] {
        measure(&compiler, name, &grammar);
    }
}

/// Follows a grammar at random, and prints percentiles of times in µs.
fn measure(compiler: &Compiler, name: &str, grammar: &Grammar) {
    let (mut compiles, mut masks, mut commits) = (Vec::new(), Vec::new(), Vec::new());
    let mut words = vec![0; compiler.vocabulary().size().div_ceil(32)];
    for seed in 0..ANSWERS {
        let mut random = Random::new(seed);
        let start = Instant::now();
        let mut constraint = compiler.compile(grammar).expect("a grammar");
        compiles.push(start.elapsed());
        for _ in 0..TOKENS {
            let start = Instant::now();
            constraint.mask(&mut words).expect("a mask");
            masks.push(start.elapsed());
            if constraint.is_complete() {
                break;
            }
            let tokens = words.iter().zip(0..).flat_map(|(word, index)| {
                (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 32 + bit)
            });
            let tokens: Vec<u32> = tokens.collect();
            let start = Instant::now();
            constraint.commit(random.choose(&tokens)).expect("an allowed token");
            commits.push(start.elapsed());
        }
    }
    print!("{name}:");
    for (what, mut times) in [("compile", compiles), ("mask", masks), ("commit", commits)] {
        times.sort_unstable();
        let percentile = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
        print!(" {what} p50 {:.0} p99 {:.0} most {:.0} µs;", percentile(50), percentile(99), percentile(100));
    }
    println!();
}

fn metadata(path: &str) -> Metadata {
    let bytes = std::fs::read(path).expect("a GGUF file");
    match Reader::new().read(&mut &*bytes) {
        Ok(Some(Event::Header(header))) => header.metadata,
        _ => panic!("a GGUF file's header should come first, and whole"),
    }
}
