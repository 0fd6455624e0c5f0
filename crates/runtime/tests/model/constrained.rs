//! Tests of answers that follow a grammar.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wgslm::engine::{
    Constrained, ContextFull, DraftModel, Engine, EngineOptions, FinishReason, GenerateOptions, GenerationEvent,
    Speculation,
};
use wgslm_grammar::{Compiler, Grammar, Limits, Vocabulary, Whitespace};
use wgslm_testing::{golden, golden_roots, skipped};
use wgslm_text::{Beginning, Constraint, Special};

use crate::adapters::some_adapters;
use crate::setup::{engine, finish, generate, prompt};

/// Grammars compiled for the tokens of a model.
struct Grammars {
    compiler: Compiler,
}

impl Grammars {
    fn of(engine: &Engine) -> Self {
        let tokenizer = Arc::clone(engine.model().tokenizer().expect("it has one"));
        let vocabulary = Vocabulary::of(tokenizer).expect("it is small");
        Self { compiler: Compiler::new(vocabulary, Limits::default()).expect("it is small") }
    }

    /// Options of an answer that follows `grammar`.
    fn options(&self, grammar: &Grammar, temperature: f32) -> GenerateOptions {
        let constraint = Some(Constrained::new(self.compiler.compile(grammar).expect("the grammar is right")));
        let max_tokens = Some(150);
        GenerateOptions { constraint, temperature, seed: 3, max_tokens, ..GenerateOptions::default() }
    }
}

/// Models with all bytes among their tokens, one of each way to keep what was read; those that only the folder `shared` has may be missing.
fn names() -> impl Iterator<Item = &'static str> {
    ["llama", "gemma3", "lfm2"].into_iter().filter(|name| {
        let file = format!("arch/tiny-{name}-q8_0.gguf");
        let found = golden_roots().iter().any(|root| root.join(&file).exists());
        if !found {
            skipped(&format!("{file} is only in the folder shared"));
        }
        found
    })
}

fn load(name: &str) -> Engine {
    let options = EngineOptions { context_length: Some(256), ..EngineOptions::default() };
    engine(&some_adapters()[0], &golden(&format!("arch/tiny-{name}-q8_0.gguf")), &options)
}

fn schema(schema: &Value) -> Grammar {
    Grammar::JsonSchema { schema: schema.to_string(), whitespace: Whitespace::Compact }
}

/// Schemas whose answers a model without sense can end.
fn schemas() -> Vec<Value> {
    let short = json!({"type": "string", "maxLength": 3});
    vec![
        json!({"enum": ["red", "green", 7, null]}),
        json!({"type": "integer", "minimum": -20, "maximum": 300}),
        json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 4}),
        json!({"type": "object", "properties": {"name": short, "done": {"type": "boolean"}}, "required": ["name", "done"],
               "additionalProperties": false}),
        json!({"anyOf": [{"const": "a long constant that is forced at once"}, {"type": "null"}]}),
        json!({"type": "object", "properties": {"at": {"type": "string", "format": "date"}, "n": {"enum": [1, 2]}},
               "required": ["at", "n"], "additionalProperties": false}),
    ]
}

/// The likeliest token, a draw among all tokens, and draws among those that truncation leaves: few or many, which other kernels find.
fn samplings() -> [GenerateOptions; 4] {
    let drawn = GenerateOptions { temperature: 1.5, seed: 3, ..GenerateOptions::default() };
    let narrowed = GenerateOptions { top_p: 0.8, typical_p: 0.9, min_p: 0.01, ..drawn.clone() };
    let few = GenerateOptions { top_k: 12, xtc_probability: 0.5, xtc_threshold: 0.1, ..narrowed.clone() };
    [GenerateOptions { temperature: 0.0, ..drawn.clone() }, drawn, narrowed, few]
}

#[test]
fn answers_follow_schemas_at_any_temperature_with_drafts_and_beside_others() {
    for name in names() {
        let engine = load(name);
        let grammars = Grammars::of(&engine);
        let asked = prompt(1, 20, engine.model().spec.vocabulary);
        let draft = Speculation::Model(DraftModel::new(load("llama")));
        for value in schemas() {
            let (grammar, what) = (schema(&value), format!("{name}, {value}"));
            let validator = jsonschema::validator_for(&value).expect("the schema is right");
            for sampling in samplings() {
                let options = || {
                    let GenerateOptions { constraint, max_tokens, .. } = grammars.options(&grammar, 0.0);
                    GenerateOptions { constraint, max_tokens, ..sampling.clone() }
                };
                let alone = generate(&engine, &asked, options()).expect(&what);
                let (tokens, text, summary) = &alone;
                assert_eq!(summary.finish_reason, FinishReason::Stop, "{what}: {text}");
                assert!(tokens.len() < 150);
                let answer: Value =
                    serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {text}: {error}"));
                assert!(validator.is_valid(&answer), "{what}: {text}");
                // Ahead of masks or not.
                for tokens_in_flight in [1, 16] {
                    let options = GenerateOptions { tokens_in_flight, ..options() };
                    let (paced, ..) = generate(&engine, &asked, options).expect(&what);
                    assert_eq!(&paced, tokens, "{what}, {tokens_in_flight} in flight");
                }
                // With drafts, and while others run.
                let free = GenerateOptions { max_tokens: Some(40), ignore_stop: true, ..GenerateOptions::default() };
                let mut other = engine.generate(&asked[1..], free).expect("there is room");
                for speculation in [Speculation::Lookup, draft.clone()] {
                    let options = GenerateOptions { speculation, ..options() };
                    let drafted = generate(&engine, &asked, options).expect(&what);
                    assert_eq!((&drafted.0, &drafted.1), (tokens, text), "{what}");
                }
                assert_eq!(finish(&mut other).expect("it runs").0.len(), 40);
            }
        }
    }
}

#[test]
fn several_answers_follow_one_grammar_each_by_itself() {
    let engine = load("llama");
    let grammars = Grammars::of(&engine);
    let asked = prompt(2, 12, engine.model().spec.vocabulary);
    let options = grammars.options(&Grammar::Regex("[a-z]{2,6}-[0-9]{1,3}".to_owned()), 1.0);
    let mut several = engine.generate_several(&asked, 5, options).expect("there is room");
    let mut texts = vec![String::new(); 5];
    while let Some((index, event)) = pollster::block_on(several.next()).expect("it runs") {
        match event {
            GenerationEvent::Token { text, .. } => texts[index as usize] += &text,
            GenerationEvent::Finished(summary) => assert_eq!(summary.finish_reason, FinishReason::Stop),
        }
    }
    let pattern = regex::Regex::new("^[a-z]{2,6}-[0-9]{1,3}$").expect("it is right");
    assert!(texts.iter().all(|text| pattern.is_match(text)), "{texts:?}");
    assert!(texts.iter().any(|text| *text != texts[0]), "seeds differ: {texts:?}");
}

#[test]
fn other_notations_and_forced_tokens_cost_few_steps() {
    let engine = load("llama");
    let grammars = Grammars::of(&engine);
    let asked = prompt(4, 12, engine.model().spec.vocabulary);
    let cases = [
        (
            Grammar::Lark("start: \"yes\" | \"no\" | \"it depends on many things\"".to_owned()),
            "^(yes|no|it depends on many things)$",
        ),
        (Grammar::Gbnf("root ::= \"x = \" [0-9]+ (\" + \" [0-9]){2} \";\"".to_owned()), r"^x = [0-9]+( \+ [0-9]){2};$"),
    ];
    for (grammar, pattern) in cases {
        let (_, text, summary) = generate(&engine, &asked, grammars.options(&grammar, 0.0)).expect("it runs");
        let pattern = regex::Regex::new(pattern).expect("it is right");
        assert!(pattern.is_match(&text) || summary.finish_reason == FinishReason::Length, "{text}");
    }
    // All but the first token of a constant are forced.
    let constant = "forced ".repeat(12);
    let (tokens, text, _) =
        generate(&engine, &asked, grammars.options(&schema(&json!({"const": constant})), 0.0)).expect("it runs");
    assert_eq!(text, format!("{constant:?}"));
    assert!(tokens.len() > 20, "{tokens:?}");
    // An answer that is cut off says so.
    let options =
        GenerateOptions { max_tokens: Some(5), ..grammars.options(&schema(&json!({"const": constant})), 0.0) };
    let (tokens, _, summary) = generate(&engine, &asked, options).expect("it runs");
    assert_eq!((tokens.len(), summary.finish_reason), (5, FinishReason::Length));
}

#[test]
fn an_answer_follows_its_grammar_where_the_context_slides() {
    for name in names() {
        let options = EngineOptions { context_length: Some(32), ..EngineOptions::default() };
        let engine = engine(&some_adapters()[0], &golden(&format!("arch/tiny-{name}-q8_0.gguf")), &options);
        let grammars = Grammars::of(&engine);
        let asked = prompt(1, 9, engine.model().spec.vocabulary);
        let digits = Grammar::Regex("[0-9]{90}".to_owned());
        for speculation in [Speculation::Off, Speculation::Lookup] {
            let context_full = ContextFull::Slide { keep: 2 };
            let options = GenerateOptions { speculation, context_full, ..grammars.options(&digits, 1.5) };
            let (_, text, summary) = generate(&engine, &asked, options).expect("the model runs");
            assert_eq!(summary.finish_reason, FinishReason::Stop, "{name}: {text}");
            assert!(text.len() == 90 && text.bytes().all(|byte| byte.is_ascii_digit()), "{name}: {text}");
        }
    }
}

#[test]
fn a_healed_answer_begins_with_the_text_of_the_token_and_goes_on_freely() {
    for name in names() {
        let engine = load(name);
        let asked = prompt(4, 11, engine.model().spec.vocabulary);
        let tokenizer = engine.model().tokenizer().expect("it has one");
        for text in ["e", " ", "7"] {
            let healed = tokenizer.encode(text, Special::Plain).expect("it is text")[0];
            let beginning = Beginning::with(tokenizer, healed).expect("it has text");
            let constraint = Some(Constrained::new(Box::new(beginning)));
            let free = GenerateOptions { max_tokens: Some(12), ignore_stop: true, ..GenerateOptions::default() };
            let (tokens, ..) =
                generate(&engine, &asked, GenerateOptions { constraint, ..free.clone() }).expect("it runs");
            assert!(tokenizer.token_bytes(tokens[0]).starts_with(&tokenizer.token_bytes(healed)), "{name}: {tokens:?}");
            let (rest, ..) = generate(&engine, &[&asked[..], &tokens[..1]].concat(), free).expect("it runs");
            assert_eq!(tokens[1..], rest[..11], "{name}: {text:?}");
        }
    }
}

/// A grammar that allows any token once another answer has ended.
#[derive(Clone, Debug)]
struct Waiting {
    ended: Arc<(Mutex<bool>, Condvar)>,
}

impl Constraint for Waiting {
    fn mask(&mut self, words: &mut [u32]) -> wgslm_text::Result<()> {
        let ended = self.ended.0.lock().expect("nobody panics");
        let wait = self.ended.1.wait_timeout_while(ended, Duration::from_secs(60), |ended| !*ended);
        assert!(*wait.expect("nobody panics").0, "the other answer doesn't come to its end");
        words.fill(u32::MAX);
        Ok(())
    }

    fn commit(&mut self, _: u32) -> wgslm_text::Result<()> {
        Ok(())
    }

    fn forced(&mut self) -> wgslm_text::Result<Vec<u32>> {
        Ok(Vec::new())
    }

    fn is_accepting(&mut self) -> bool {
        true
    }

    fn is_complete(&self) -> bool {
        false
    }

    fn rollback(&mut self, _: usize) -> wgslm_text::Result<()> {
        Ok(())
    }

    fn fork(&self) -> Box<dyn Constraint> {
        Box::new(self.clone())
    }
}

#[test]
fn a_mask_that_takes_long_holds_nobody_else() {
    let engine = load("llama");
    let asked = prompt(5, 12, engine.model().spec.vocabulary);
    let ended = Arc::new((Mutex::new(false), Condvar::new()));
    let free = |tokens| GenerateOptions { max_tokens: Some(tokens), ignore_stop: true, ..GenerateOptions::default() };
    let constraint = Some(Constrained::new(Box::new(Waiting { ended: Arc::clone(&ended) })));
    let mut other = engine.generate(&asked[1..], free(100)).expect("there is room");
    let mut slow = engine.generate(&asked, GenerateOptions { constraint, ..free(20) }).expect("there is room");
    // Neither the driver's steps nor calls wait for the mask.
    assert_eq!(finish(&mut other).expect("it runs").0.len(), 100);
    let mut late = engine.generate(&asked[2..], free(3)).expect("there is room");
    assert_eq!(finish(&mut late).expect("it runs").0.len(), 3);
    *ended.0.lock().expect("nobody panics") = true;
    ended.1.notify_all();
    assert_eq!(finish(&mut slow).expect("it runs").0.len(), 20);
}
