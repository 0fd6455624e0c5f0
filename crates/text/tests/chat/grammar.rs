//! Grammars of answers that must call tools: llguidance compiles them, they let through what models are trained to write and nothing
//! else, and whatever they let through is read as whole calls of the right tools.

use serde_json::{Value, json};
use wgslm_testing::random::Random;
use wgslm_text::Prompt;
use wgslm_text::chat::{ChatParser, OutputFormat, ToolChoice};

use super::parser::{calls, content, format, read, tools};
use super::vocabulary::{END, Vocabulary};

fn grammar(
    format: OutputFormat,
    vocabulary: &Vocabulary,
    choice: &ToolChoice,
    parallel: bool,
    prompt: &str,
) -> Option<String> {
    let parser = ChatParser::new(format, &tools(), 1).answering(&Prompt::trusted(prompt));
    parser.grammar(choice, parallel, |text| vocabulary.control(text))
}

/// Answers of one call of `get_weather` and of two calls, as models of each format are trained to write them; the second is empty
/// where an answer has one call.
const ANSWERS: [(&str, &str, &str); 9] = [
    (
        "hermes",
        "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zürich\", \"days\": 2}}\n</tool_call>",
        "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>",
    ),
    (
        "qwen3-coder",
        "<tool_call>\n<function=get_weather>\n<parameter=city>\nZürich\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
        "<tool_call>\n<function=now>\n</function>\n</tool_call>\n<tool_call>\n<function=now>\n</function>\n</tool_call>",
    ),
    ("llama3", "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Zürich\", \"days\": 2}}", ""),
    (
        "mistral",
        "[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zürich\", \"days\": 2}}]",
        "[TOOL_CALLS][{\"name\": \"now\", \"arguments\": {}}, {\"name\": \"now\", \"arguments\": {}}]",
    ),
    (
        "mistral-args",
        "[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Zürich\", \"days\": 2}",
        "[TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]now[ARGS]{}",
    ),
    (
        "gemma4",
        "<|tool_call>call:get_weather{city:<|\"|>Zürich<|\"|>,days:2}<tool_call|>",
        "<|tool_call>call:now{}<tool_call|><|tool_call>call:now{}<tool_call|>",
    ),
    (
        "harmony",
        "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"city\": \"Zürich\", \"days\": 2}",
        "",
    ),
    (
        "lfm2",
        "<|tool_call_start|>[get_weather(city=\"Zürich\", days=2)]<|tool_call_end|>",
        "<|tool_call_start|>[now(), now()]<|tool_call_end|>",
    ),
    (
        "granite",
        "<|tool_call|>[{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zürich\", \"days\": 2}}]",
        "<|tool_call|>[{\"name\": \"now\", \"arguments\": {}}, {\"name\": \"now\", \"arguments\": {}}]",
    ),
];

#[test]
fn grammars_let_through_what_models_write_and_no_other_calls() {
    let named = ToolChoice::Function("get_weather".to_owned());
    for (name, one, two) in ANSWERS {
        for with_control in [true, false] {
            let format = format(name);
            let vocabulary = Vocabulary::new(format, with_control);
            let required = grammar(format, &vocabulary, &ToolChoice::Required, true, "").unwrap();
            let accepts = |grammar: &str, text: &str| vocabulary.accepts(grammar, text);
            assert!(accepts(&required, one), "{name}, {with_control}: {one}\n{required}");
            assert!(two.is_empty() || accepts(&required, two), "{name}, {with_control}: {two}\n{required}");
            let single = grammar(format, &vocabulary, &ToolChoice::Required, false, "").unwrap();
            assert!(accepts(&single, one) && (two.is_empty() || !accepts(&single, two)), "{name}\n{single}");
            let named = grammar(format, &vocabulary, &named, false, "").unwrap();
            let other = one.replace("get_weather", "now");
            assert!(accepts(&named, one) && !accepts(&named, &other), "{name}\n{named}");
            for wrong in [
                "Hello".to_owned(),
                String::new(),
                one.replace("get_weather", "nonesuch"),
                one.replace("2", "\"two\"").replace("\n\"two\"", "\ntwo"),
                one.replace("city", "town"),
                one.replace("{\"city\": ", &format!("{{\"city\":{}", " ".repeat(40))),
                one.replace("Zürich", "Zürich\u{0}\"\n\n{<"),
            ] {
                // Text between tags may be anything.
                if wrong == one
                    || name == "qwen3-coder" && wrong.contains('\0')
                    || name == "gemma4" && wrong.contains('\0')
                {
                    continue;
                }
                assert!(!accepts(&required, &wrong), "{name}, {with_control}: {wrong:?}\n{required}");
            }
        }
    }
}

#[test]
fn reasoning_may_come_first_and_ends_where_it_was_opened() {
    for (name, open, close, prompt) in [
        ("hermes", "<think>", "</think>\n\n", "<|im_start|>assistant\n<think>\n"),
        ("mistral-args", "[THINK]", "[/THINK]", "[/INST][THINK]"),
        ("gemma4", "<|channel>thought\n", "<channel|>", "<|turn>model\n<|channel>thought\n"),
        (
            "harmony",
            "<|channel|>analysis<|message|>",
            "<|end|><|start|>assistant",
            "<|start|>assistant<|channel|>analysis<|message|>",
        ),
    ] {
        let call = ANSWERS.iter().find(|(format, ..)| *format == name).unwrap().1;
        for with_control in [true, false] {
            let vocabulary = Vocabulary::new(format(name), with_control);
            let fresh = grammar(format(name), &vocabulary, &ToolChoice::Required, true, "").unwrap();
            let opened = grammar(format(name), &vocabulary, &ToolChoice::Required, true, prompt).unwrap();
            let rest = format!("Hm, {{\"a\"}}.\n{close}{call}");
            assert!(vocabulary.accepts(&fresh, &format!("{open}{rest}")), "{name}, {with_control}\n{fresh}");
            assert!(vocabulary.accepts(&opened, &rest), "{name}, {with_control}: {rest}\n{opened}");
            assert!(!vocabulary.accepts(&fresh, &rest), "{name}, {with_control}\n{fresh}");
            assert!(!vocabulary.accepts(&opened, "Hm."), "{name}, {with_control}\n{opened}");
        }
    }
}

#[test]
fn there_is_no_grammar_where_nothing_must_be_called_or_nothing_can() {
    for (name, choice) in [
        ("hermes", ToolChoice::Auto),
        ("hermes", ToolChoice::None),
        ("hermes", ToolChoice::Function("nonesuch".to_owned())),
        ("none", ToolChoice::Required),
    ] {
        let vocabulary = Vocabulary::new(format(name), true);
        assert_eq!(grammar(format(name), &vocabulary, &choice, true, ""), None, "{name}: {choice:?}");
    }
}

/// An answer that a grammar lets through, drawn at random; `None` if it becomes too long.
fn draw(vocabulary: &Vocabulary, grammar: &str, random: &mut Random) -> Option<String> {
    /// Texts that end free text.
    const ENDS: [&str; 8] = ["\"", "'", "\n</parameter>\n", "</think>", "<|\"|>", "[/THINK]", "<channel|>", "<|end|>"];
    let mut matcher = vocabulary.matcher(grammar);
    let mut tokens = Vec::new();
    for _ in 0..600 {
        if matcher.is_stopped() || (matcher.is_accepting().unwrap() && random.below(2) == 0) {
            return Some(vocabulary.text(&tokens));
        }
        let mask = matcher.compute_mask().unwrap();
        let allowed: Vec<u32> =
            (0..vocabulary.size()).filter(|&token| !(128..=END).contains(&token) && mask.is_allowed(token)).collect();
        let next = if allowed.len() > 60 && random.below(3) == 0 {
            vocabulary.tokens(ENDS[random.below(ENDS.len())])
        } else {
            vec![allowed[random.below(allowed.len())]]
        };
        let fitting = matcher.try_consume_tokens(&next).unwrap();
        tokens.extend(&next[..fitting]);
    }
    None
}

#[test]
fn whatever_a_grammar_lets_through_is_read_as_whole_calls() {
    let mut random = Random::new(11);
    for (name, ..) in ANSWERS {
        for with_control in [true, false] {
            let vocabulary = Vocabulary::new(format(name), with_control);
            let grammar = grammar(format(name), &vocabulary, &ToolChoice::Required, true, "").unwrap();
            let mut drawn = 0;
            for _ in 0..25 {
                let Some(text) = draw(&vocabulary, &grammar, &mut random) else { continue };
                drawn += 1;
                let (mut answer, _) = read(format(name), &tools(), &Prompt::default(), [text.as_str()]);
                assert!(!answer.unfinished_call && content(&answer).is_empty(), "{name}: {text:?} {answer:?}");
                assert!(!answer.message.tool_calls.is_empty(), "{name}: {text:?}");
                // JSON has numbers of any size, and floats don't.
                let out_of_range = |error: wgslm_text::Error| error.to_string().contains("out of range");
                answer.message.tool_calls.retain(|call| !call.arguments().is_err_and(out_of_range));
                for (tool, arguments) in calls(&answer) {
                    check(name, tool, &arguments, &text);
                }
            }
            assert!(drawn >= 5, "{name}: {drawn} answers came to an end\n{grammar}");
        }
    }
}

/// The arguments are of the types that the tools' schemas give them.
fn check(format: &str, tool: &str, arguments: &Value, text: &str) {
    match tool {
        "now" => {}
        "get_weather" => {
            let is = |key: &str, fits: fn(&Value) -> bool| {
                assert!(arguments.get(key).is_none_or(fits), "{format}: {key} of {arguments} in {text:?}");
            };
            assert!(arguments.get("city").is_some_and(Value::is_string), "{format}: {arguments} in {text:?}");
            // Integers of any length.
            is("days", |value| value.as_f64().is_some_and(|number| number.fract() == 0.0));
            is("hourly", Value::is_boolean);
            is("units", |value| value.is_string() || value.is_null());
            is("tags", |value| value.as_array().is_some_and(|tags| tags.iter().all(Value::is_string)));
        }
        other => panic!("{format}: {other} in {text:?}"),
    }
}

#[test]
fn constants_and_alternatives_of_a_schema_shape_arguments_that_are_not_json() {
    let parameters = json!({
        "type": "object",
        "properties": {
            "unit": { "enum": ["C", "F", null, true] },
            "when": { "type": ["integer", "null"] },
            "where": { "anyOf": [{ "type": "array", "items": { "type": "number" } }, { "const": "here" }] },
            "more": { "type": "object" },
        },
        "required": ["when"],
    });
    let tools = [json!({ "type": "function", "function": { "name": "f", "parameters": parameters } })];
    for (name, good, bad) in [
        (
            "lfm2",
            [
                "unit=\"F\", when=3",
                "when=None, where=[1, -2.5]",
                "unit=True, when=0, where=\"here\", more={\"a\": [None, 'b']}",
            ],
            [
                "unit=\"G\", when=3",
                "unit=\"F\"",
                "when=3, where=\"there\"",
                "when=3, unit=\"F\"",
                "when=3,",
                "when=null",
            ],
        ),
        (
            "gemma4",
            [
                "unit:<|\"|>F<|\"|>,when:3",
                "when:null,where:[1,-2.5]",
                "unit:true,when:0,where:<|\"|>here<|\"|>,more:{a:[null,<|\"|>b<|\"|>]}",
            ],
            [
                "unit:<|\"|>G<|\"|>,when:3",
                "unit:<|\"|>F<|\"|>",
                "when:3,where:here",
                "when:3,unit:true",
                "when:3,",
                "when:None",
            ],
        ),
    ] {
        let [before, after] = match name {
            "lfm2" => ["<|tool_call_start|>[f(", ")]<|tool_call_end|>"],
            _ => ["<|tool_call>call:f{", "}<tool_call|>"],
        };
        for with_control in [true, false] {
            let vocabulary = Vocabulary::new(format(name), with_control);
            let parser = ChatParser::new(format(name), &tools, 1);
            let grammar = parser.grammar(&ToolChoice::Required, true, |text| vocabulary.control(text)).unwrap();
            for arguments in good {
                let text = format!("{before}{arguments}{after}");
                assert!(vocabulary.accepts(&grammar, &text), "{name}, {with_control}: {text}\n{grammar}");
                let (answer, _) = read(format(name), &tools, &Prompt::default(), [text.as_str()]);
                assert!(answer.message.tool_calls[0].arguments().is_ok(), "{text}: {answer:?}");
            }
            for arguments in bad {
                let text = format!("{before}{arguments}{after}");
                assert!(!vocabulary.accepts(&grammar, &text), "{name}, {with_control}: {text}\n{grammar}");
            }
        }
    }
}
