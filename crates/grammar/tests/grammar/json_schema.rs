//! Answers to JSON Schemas.

use serde_json::Value;
use wgslm_grammar::{Grammar, Whitespace};
use wgslm_testing::random::Random;

use crate::vocabularies::{self, Subject};
use crate::{model, schemas};

/// The grammar of a schema.
pub(crate) fn grammar(schema: &Value, whitespace: Whitespace) -> Grammar {
    Grammar::JsonSchema { schema: schema.to_string(), whitespace }
}

fn check(schema: &Value, subject: &Subject, whitespace: Whitespace, seed: u64) {
    let text = model::answer(subject, &grammar(schema, whitespace), seed);
    schemas::check(schema, &text).unwrap_or_else(|error| panic!("{}: {error}", subject.name));
}

#[test]
fn answers_to_each_schema_are_valid() {
    let schemas = schemas::written();
    assert!(schemas.len() > 100);
    for (schema, number) in schemas.iter().zip(0..) {
        for subject in vocabularies::all() {
            for whitespace in [Whitespace::Compact, Whitespace::Flexible] {
                check(schema, subject, whitespace, 2 * number);
                check(schema, subject, whitespace, 2 * number + 1);
            }
        }
    }
}

#[test]
fn answers_to_schemas_of_growing_depth_are_valid() {
    for number in 0..120 {
        let schema = schemas::random(&mut Random::new(number), number as usize / 20);
        for subject in vocabularies::all() {
            check(&schema, subject, [Whitespace::Compact, Whitespace::Flexible][number as usize % 2], number / 2);
        }
    }
}

#[test]
fn properties_come_in_the_order_of_the_schema() {
    let properties = ["zeta", "alpha", "mu"];
    let schema = serde_json::json!({
        "type": "object", "additionalProperties": false, "required": properties,
        "properties": {"zeta": {"type": "integer"}, "alpha": {"type": "integer"}, "mu": {"type": "integer"}},
    });
    for seed in 0..4 {
        let text = model::answer(vocabularies::bytes(), &grammar(&schema, Whitespace::Flexible), seed);
        let answer: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
        assert!(answer.keys().eq(properties), "{text}");
    }
}

#[test]
fn compact_answers_have_no_white_space_and_flexible_ones_a_little() {
    let schema =
        serde_json::json!({"type": "array", "items": {"type": "object", "additionalProperties": {"type": "integer"}}});
    let mut some = false;
    for seed in 0..20 {
        let answer = |whitespace| model::answer(vocabularies::bytes(), &grammar(&schema, whitespace), seed);
        let outside_strings = |text: &str| text.split('"').step_by(2).collect::<String>();
        let compact = outside_strings(&answer(Whitespace::Compact));
        assert!(!compact.contains(char::is_whitespace), "{compact}");
        some |= outside_strings(&answer(Whitespace::Flexible)).contains(char::is_whitespace);
    }
    assert!(some);
}

#[test]
fn white_space_ends() {
    let subject = vocabularies::bytes();
    let mut constraint = subject.compiler.compile(&Grammar::JsonObject { whitespace: Whitespace::Flexible }).unwrap();
    constraint.commit(u32::from(b'{')).unwrap();
    let spaces = (0..1000).take_while(|_| constraint.commit(u32::from(b' ')).is_ok()).count();
    assert_eq!(spaces, 64);
    constraint.commit(u32::from(b'}')).unwrap();
}

#[test]
fn json_objects_are_objects() {
    for subject in vocabularies::all() {
        for seed in 0..10 {
            let text = model::answer(subject, &Grammar::JsonObject { whitespace: Whitespace::Flexible }, seed);
            assert!(serde_json::from_str::<Value>(&text).unwrap().is_object(), "{text}");
        }
    }
}
