//! Chat templates: SmolLM2's own, and the features that published templates rely on.

use wgslm_formats::gguf::{Metadata, Value};
use wgslm_text::Error;
use wgslm_text::{ChatTemplate, Message, Special, Tokenizer};

use super::model::{golden_json, smollm2_metadata};

fn render(source: &str, messages: &[Message]) -> wgslm_text::Result<String> {
    Ok(ChatTemplate::new(source, "<s>", "</s>")?.render(messages, true)?.text())
}

fn conversation() -> [Message; 3] {
    [Message::new("system", " Be <brief>. "), Message::new("user", "Hi"), Message::new("assistant", "Hello")]
}

fn smollm2() -> Option<(Tokenizer, ChatTemplate)> {
    let mut metadata = smollm2_metadata()?;
    let tokenizer = Tokenizer::from_metadata(&mut metadata).unwrap();
    let template = ChatTemplate::from_metadata(&metadata, &tokenizer).unwrap().unwrap();
    Some((tokenizer, template))
}

#[test]
fn smollm2_writes_its_prompt_with_the_default_system_message() {
    let Some((tokenizer, template)) = smollm2() else { return };
    let messages = [Message::new("user", "Name three colours.")];
    let system = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n";
    let golden = golden_json("smollm2.json");
    let user = golden[2]["text"].as_str().unwrap();
    let prompt = template.render(&messages, true).unwrap().text();
    assert_eq!(prompt, format!("{system}{user}"));
    assert_eq!(template.render(&messages, false).unwrap().text() + "<|im_start|>assistant\n", prompt);
    let tokens = tokenizer.encode(&prompt, Special::Parse).unwrap();
    let golden: Vec<u32> = serde_json::from_value(golden[2]["prompt_tokens"].clone()).unwrap();
    assert!(tokens.ends_with(&golden));
    assert_eq!(tokens.iter().filter(|&&token| token == 1).count(), 3);
}

#[test]
fn smollm2_keeps_a_system_message_and_the_whole_conversation() {
    let Some((_, template)) = smollm2() else { return };
    assert_eq!(
        template.render(&conversation(), true).unwrap().text(),
        "<|im_start|>system\n Be <brief>. <|im_end|>\n<|im_start|>user\nHi<|im_end|>\n\
         <|im_start|>assistant\nHello<|im_end|>\n<|im_start|>assistant\n"
    );
}

#[test]
fn blocks_are_trimmed_and_python_methods_work() {
    let source = "
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'].strip() %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- bos_token }}
{% for message in loop_messages %}
    {% if message.role.startswith('user') and loop.first and system_message is defined %}
[INST] {{ system_message.upper().replace('<', '[') }} {{ message.content | trim }} [/INST]
    {% elif message.get('tool_calls') is none %}
{{ message['content'] + eos_token }}
    {% endif %}
{% endfor %}
end";
    assert_eq!(render(source, &conversation()).unwrap(), "<s>\n[INST] BE [BRIEF>. Hi [/INST]\nHello</s>\nend");
}

#[test]
fn namespaces_macros_and_loop_controls_work() {
    let source = "
{%- macro tag(name) -%}<|{{ name }}|>{%- endmacro -%}
{%- set seen = namespace(users=0, last='') -%}
{%- for message in messages -%}
    {%- if message.role == 'system' -%}{%- continue -%}{%- endif -%}
    {%- if message.role == 'user' -%}{%- set seen.users = seen.users + 1 -%}{%- endif -%}
    {%- set seen.last = message.content -%}
    {{- tag(message.role) ~ message.content -}}
    {%- if loop.index0 == 1 -%}{%- break -%}{%- endif -%}
{%- endfor -%}
{{- seen.users }} {{ seen.last }} {{ 'tools' if tools is not none else 'no tools' }}
{%- if not tools is defined or documents %} wrong{% endif %}";
    assert_eq!(render(source, &conversation()).unwrap(), "<|user|>Hi1 Hi no tools");
}

#[test]
fn json_is_written_as_hugging_face_writes_it() {
    let message = [Message::new("user", "<b>'&' \\u003c \"é\"\n")];
    assert_eq!(
        render("{{ messages | tojson }}", &message).unwrap(),
        r#"[{"role": "user", "content": "<b>'&' \\u003c \"é\"\n"}]"#
    );
    assert_eq!(
        render("{{ {'b': [1, true], 'a': none} | tojson(indent=2) }}", &[]).unwrap(),
        "{\n  \"b\": [\n    1,\n    true\n  ],\n  \"a\": null\n}"
    );
}

#[test]
fn the_date_has_the_form_asked_for() {
    let date = render("{{ strftime_now('%d %b %Y') }}", &[]).unwrap();
    let parts: Vec<&str> = date.split(' ').collect();
    assert!(parts[0].parse::<u32>().is_ok_and(|day| (1..=31).contains(&day)), "{date}");
    assert!("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".contains(parts[1]) && parts[1].len() == 3, "{date}");
    assert!(parts[2].parse::<u32>().is_ok_and(|year| year >= 2025), "{date}");
    let error = render("{{ strftime_now('%!') }}", &[]).unwrap_err();
    assert!(error.to_string().contains("%!"), "{error}");
}

#[test]
fn failures_are_typed_and_say_where() {
    for (source, reason) in [
        ("line one\n{% if %}", "chat_template:2"),
        ("{% endfor %}", "syntax error"),
        ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
        ("{{ nonesuch() }}", "nonesuch"),
        ("{{ messages[0].content.nonesuch() }}", "nonesuch"),
        (
            "{% set ns = namespace(l=[]) %}{% for a in range(400) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
            "nested",
        ),
        (
            "{% set ns = namespace(l='ab') %}{% for a in range(60) %}{% set ns.l = ns.l ~ ns.l %}{% endfor %}",
            "too long",
        ),
        (
            "{% set ns = namespace(l=['x' * 1000000]) %}{% for a in range(9) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
            "too long",
        ),
        ("{% macro m(a) %}{{ varargs }}{% endmacro %}", "varargs"),
        ("a\r\n{% include 'b' %}", "chat_template:2"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "fuel"),
    ] {
        let error = render(source, &conversation()).unwrap_err();
        assert!(matches!(&error, Error::ChatTemplate { reason: found } if found.contains(reason)), "{source}: {error}");
    }
}

#[test]
fn a_model_without_a_template_has_none_and_a_template_must_be_text() {
    let Some((tokenizer, _)) = smollm2() else { return };
    let mut metadata = Metadata::default();
    assert!(ChatTemplate::from_metadata(&metadata, &tokenizer).unwrap().is_none());
    metadata.insert("tokenizer.chat_template", Value::U64(1));
    assert_eq!(ChatTemplate::from_metadata(&metadata, &tokenizer).unwrap_err().code(), "invalid-metadata");
}
