//! Texts of tools, calls, results and reasoning are text as those of users are: control tokens that they spell don't count.

use serde_json::json;
use wgslm_testing::golden;
use wgslm_text::chat::{Content, Part, ToolCall};
use wgslm_text::{ChatTemplate, Conversation, Message, Prompt, Special, Tokenizer};

use super::chat_prompt::{template, tokenizer};
use super::model::{gemma3, smollm2};

/// A family's control tokens and a template in its format: of SmolLM2 and Gemma with tools added, of Llama 3, and of Qwen.
const CASES: [(&[&str], &str); 4] = [
    (
        &["<|im_start|>", "<|im_end|>", "<|endoftext|>"],
        "{% if tools %}<|im_start|>system\n{{ tools | tojson }}<|im_end|>\n{% endif %}\
         {% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.reasoning_content }}{{ m.content }}\
         {% for c in m.tool_calls %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}<|im_end|>\n{% endfor %}\
         {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    ),
    (
        &["<bos>", "<start_of_turn>", "<end_of_turn>"],
        "{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else 'user' }}\n\
         {% if loop.first %}{% for t in tools %}{{ t.function.name }}: {{ t.function.description | trim }} {{ t.function.parameters | tojson }}\n{% endfor %}{% endif %}\
         {{ m.reasoning_content }}{{ m.content | trim }}{% for c in m.tool_calls %}[{{ c.function.name }}({% for k, v in c.function.arguments | items %}{{ k }}={{ v }}{% endfor %})]{% endfor %}<end_of_turn>\n{% endfor %}",
    ),
    (
        &["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|python_tag|>"],
        "{% for t in tools %}{{ t | tojson(indent=4) }}\n\n{% endfor %}{% for m in messages %}\
         <|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.reasoning_content }}\
         {% if m.tool_calls %}{% set c = m.tool_calls[0].function %}<|python_tag|>{{ '{\"name\": \"' + c.name + '\", \"parameters\": ' }}{{ c.arguments | tojson }}}\
         {% elif m.role == 'tool' %}{{ m.content | tojson }}{% else %}{{ m.content | trim }}{% endif %}<|eot_id|>{% endfor %}",
    ),
    (
        &[
            "<|im_start|>",
            "<|im_end|>",
            "<think>",
            "</think>",
            "<tool_call>",
            "</tool_call>",
            "<tool_response>",
            "</tool_response>",
        ],
        "{% for t in tools %}{{ t | tojson }}{% endfor %}{% for m in messages %}\
         {% if m.role == 'tool' %}<|im_start|>user\n<tool_response>\n{{ m.content }}\n</tool_response><|im_end|>\n\
         {% else %}<|im_start|>{{ m.role }}\n{% if m.reasoning_content %}<think>\n{{ m.reasoning_content.strip('\n') }}\n</think>\n\n{% endif %}\
         {% if m.content is string %}{{ m.content.split('</think>')[-1].lstrip('\n') if m.role == 'assistant' else m.content }}{% endif %}\
         {% for c in m.tool_calls %}<tool_call>\n{\"name\": \"{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}<|im_end|>\n{% endif %}{% endfor %}",
    ),
];

/// A conversation that holds `text` in the field of this number, and harmless words in the others.
fn conversation(field: usize, text: &str) -> Conversation {
    let mut number = 0;
    let mut next = || {
        number += 1;
        if number == field + 1 { format!("a{text}b") } else { "word".to_owned() }
    };
    let call = ToolCall::new("abcdef123", "f", json!({ "key": next(), (next()): [next()] }).to_string());
    let parts = Content::Parts(vec![Part::Text(next()), Part::Text("more".to_owned())]);
    let messages = vec![
        Message::new("user", parts),
        Message { content: None, ..Message::new("assistant", "") }.with_reasoning(next()).with_tool_calls([call]),
        Message::tool_result("abcdef123", "f", next()),
        Message::new("assistant", next()),
        Message::new("user", next()),
    ];
    let parameters = json!({ "type": "object", "properties": { (next()): { "description": next() } } });
    let tool =
        json!({ "type": "function", "function": { "name": "f", "description": next(), "parameters": parameters } });
    Conversation { messages, tools: Some(vec![tool]), add_generation_prompt: true, ..Conversation::default() }
}

const FIELDS: usize = 11;

fn render(template: &ChatTemplate, field: usize, text: &str) -> Prompt {
    template.render_conversation(&conversation(field, text)).unwrap()
}

/// The tokens of a prompt that are among `control`.
fn controls(tokenizer: &Tokenizer, prompt: &Prompt, control: &[&str]) -> Vec<u32> {
    let ids: Vec<u32> = control.iter().map(|text| tokenizer.control_token(text).unwrap()).collect();
    tokenizer.encode_segments(prompt).unwrap().into_iter().filter(|token| ids.contains(token)).collect()
}

/// Forges each control token in each field, and returns how many forgeries were written.
fn check(tokenizer: &Tokenizer, template: &ChatTemplate, control: &[&str], name: &str) -> usize {
    let mut written = 0;
    for field in 0..FIELDS {
        let harmless = render(template, field, "x");
        for token in control {
            let prompt = render(template, field, token);
            assert_eq!(
                controls(tokenizer, &prompt, control),
                controls(tokenizer, &harmless, control),
                "{name}, field {field} with {token}: {prompt:?}"
            );
            let forged = format!("a{token}b");
            if prompt.text().contains(&forged) {
                written += 1;
                // Merges reach into the text around it, but leave its own middle alone.
                let plain = tokenizer.encode(&forged, Special::Plain).unwrap();
                let middle = &plain[1..plain.len() - 1];
                let tokens = tokenizer.encode_segments(&prompt).unwrap();
                assert!(
                    tokens.windows(middle.len()).any(|window| window == middle),
                    "{name}, field {field}: {tokens:?}"
                );
            }
        }
    }
    written
}

#[test]
fn no_text_of_tools_calls_results_and_reasoning_is_a_control_token() {
    for (control, source) in CASES {
        let tokenizer = tokenizer(control);
        let written = check(&tokenizer, &template(source, &tokenizer), control, control[1]);
        assert_eq!(written, FIELDS * control.len() - absent(control), "{control:?}");
    }
}

#[test]
fn real_vocabularies_keep_these_texts_plain_as_well() {
    for (tokenizer, (control, source)) in [(smollm2(), CASES[0]), (gemma3(), CASES[1])] {
        let Some(tokenizer) = tokenizer else { continue };
        let written = check(&tokenizer, &template(source, &tokenizer), control, control[1]);
        assert_eq!(written, FIELDS * control.len(), "{control:?}");
    }
}

/// The forgeries that a template takes out: that of Qwen cuts an answer behind `</think>`.
fn absent(control: &[&str]) -> usize {
    usize::from(control.contains(&"</think>"))
}

#[test]
fn published_templates_keep_these_texts_plain_as_well() {
    for (name, control) in [
        ("Qwen-Qwen3-0.6B", &["<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_call>", "</tool_call>"][..]),
        ("mistralai-Mistral-Nemo-Instruct-2407", &["[INST]", "[/INST]", "[TOOL_CALLS]", "[TOOL_RESULTS]"]),
        ("openai-gpt-oss-120b", &["<|start|>", "<|end|>", "<|call|>", "<|return|>"]),
    ] {
        let source = std::fs::read_to_string(golden(&format!("chat_templates/{name}.jinja"))).unwrap();
        let tokenizer = tokenizer(control);
        assert!(
            check(&tokenizer, &template(&source, &tokenizer), control, name) > FIELDS * control.len() / 2,
            "{name}"
        );
    }
}

#[test]
fn control_tokens_of_an_answer_are_shown_where_a_parser_reads_them() {
    let tokenizer = tokenizer(&["[TOOL_CALLS]", "[ARGS]", "[IMG]"]);
    let tokens = tokenizer.encode("a[TOOL_CALLS]f[ARGS]{}[IMG]", Special::Parse).unwrap();
    let text = |mut detokenizer: wgslm_text::Detokenizer| -> String {
        tokens.iter().map(|&token| detokenizer.push(token)).collect::<String>() + &detokenizer.finish()
    };
    let format = wgslm_text::chat::OutputFormat::named("mistral").unwrap();
    assert_eq!(text(tokenizer.detokenizer()), "af{}");
    assert_eq!(text(tokenizer.detokenizer().showing(format.marker_texts())), "a[TOOL_CALLS]f[ARGS]{}");
    assert_eq!(tokenizer.control_token("[ARGS]"), Some(tokens[3]));
    assert_eq!(tokenizer.control_token("f"), None);
    assert_eq!(tokenizer.control_token("[NONE]"), None);
}
