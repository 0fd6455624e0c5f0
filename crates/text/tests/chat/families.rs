//! Families' formats both ways: a small template of ours in each format writes tools, calls and results, and the turns that it wrote
//! are read back into the same messages.

use serde_json::{Value, json};
use wgslm_text::chat::{Content, ToolCall};
use wgslm_text::{ChatTemplate, Conversation, Message, Prompt};

use super::parser::{content, read_in_every_way, reasoning, tools};

/// A template in a family's format, with the texts that an assistant's turn begins and ends with.
struct Family {
    name: &'static str,
    turn: [&'static str; 2],
    template: &'static str,
}

const HERMES: &str = "\
{% if tools %}<|im_start|>system\n<tools>{% for tool in tools %}\n{{ tool | tojson }}{% endfor %}\n</tools><|im_end|>\n{% endif %}\
{% for message in messages %}\
{% if message.role == 'tool' %}<|im_start|>user\n<tool_response>\n{{ message.content }}\n</tool_response><|im_end|>\n\
{% else %}<|im_start|>{{ message.role }}\n\
{% if message.reasoning_content %}<think>\n{{ message.reasoning_content }}\n</think>\n\n{% endif %}{{ message.content }}\
{% for call in message.tool_calls %}\n<tool_call>\n{\"name\": \"{{ call.function.name }}\", \"arguments\": {{ call.function.arguments | tojson }}}\n</tool_call>{% endfor %}\
<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

const QWEN3_CODER: &str = "\
{% for tool in tools %}{{ tool.function.name }}\n{% endfor %}\
{% for message in messages %}<|im_start|>{{ message.role }}\n\
{% if message.reasoning_content %}<think>\n{{ message.reasoning_content }}\n</think>\n\n{% endif %}{{ message.content }}\
{% for call in message.tool_calls %}\n\n<tool_call>\n<function={{ call.function.name }}>\n\
{% for key, value in call.function.arguments | items %}<parameter={{ key }}>\n\
{{ value | tojson if value is mapping or (value is sequence and value is not string) else value | string }}\n</parameter>\n{% endfor %}\
</function>\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}";

const LLAMA3: &str = "\
{{ bos_token }}{% if tools %}<|start_header_id|>system<|end_header_id|>\n\nAnswer with {\"name\": name, \"parameters\": values}.\
{% for tool in tools %}{{ tool | tojson(indent=4) }}\n{% endfor %}<|eot_id|>{% endif %}\
{% for message in messages %}\
{% if message.role == 'tool' %}<|start_header_id|>ipython<|end_header_id|>\n\n{{ message.content | tojson }}<|eot_id|>\
{% else %}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n\
{% if message.tool_calls %}{% if message.tool_calls | length > 1 %}{{ raise_exception('one call at a time') }}{% endif %}\
{% set call = message.tool_calls[0].function %}<|python_tag|>{\"name\": \"{{ call.name }}\", \"parameters\": {{ call.arguments | tojson }}}\
{% else %}{{ message.content | trim }}{% endif %}<|eot_id|>{% endif %}{% endfor %}";

const MISTRAL: &str = "\
{{ bos_token }}{% if tools %}[AVAILABLE_TOOLS]{{ tools | tojson }}[/AVAILABLE_TOOLS]{% endif %}{% for message in messages %}\
{% if message.role == 'user' %}[INST]{{ message.content }}[/INST]\
{% elif message.role == 'tool' %}[TOOL_RESULTS]{\"content\": {{ message.content }}, \"call_id\": \"{{ message.tool_call_id }}\"}[/TOOL_RESULTS]\
{% else %}{{ message.content }}{% if message.tool_calls %}[TOOL_CALLS][{% for call in message.tool_calls %}\
{% if call.id | length != 9 %}{{ raise_exception('ids have nine characters') }}{% endif %}\
{{ (call.function | tojson)[:-1] }}, \"id\": \"{{ call.id }}\"}{% if not loop.last %}, {% endif %}{% endfor %}]{% endif %}</s>{% endif %}{% endfor %}";

const MISTRAL_WITH_NAMES: &str = "\
{{ bos_token }}[AVAILABLE_TOOLS]{{ tools | tojson }}[/AVAILABLE_TOOLS]{% for message in messages %}\
{% if message.role == 'user' %}[INST]{{ message.content }}[/INST]\
{% elif message.role == 'tool' %}[TOOL_RESULTS]{{ message.content }}[/TOOL_RESULTS]\
{% else %}{% if message.reasoning_content %}[THINK]{{ message.reasoning_content }}[/THINK]{% endif %}{{ message.content }}\
{% for call in message.tool_calls %}[TOOL_CALLS]{{ call.function.name }}[ARGS]{{ call.function.arguments | tojson }}{% endfor %}</s>{% endif %}{% endfor %}";

const GEMMA4: &str = "\
{% macro write(value) %}{% if value is string %}<|\"|>{{ value }}<|\"|>{% elif value is boolean %}{{ 'true' if value else 'false' }}\
{% elif value is mapping %}{{ '{' }}{% for key, each in value | dictsort %}{{ key }}:{{ write(each) }}{{ ',' if not loop.last }}{% endfor %}{{ '}' }}\
{% elif value is sequence %}[{% for each in value %}{{ write(each) }}{{ ',' if not loop.last }}{% endfor %}]{% else %}{{ value }}{% endif %}{% endmacro %}\
{{ bos_token }}{% for tool in tools %}<|tool>declaration:{{ tool.function.name }}{{ write(tool.function.parameters) }}<tool|>{% endfor %}\
{% for message in messages %}<|turn>{{ 'model' if message.role == 'assistant' else message.role }}\n\
{% if message.reasoning_content %}<|channel>thought\n{{ message.reasoning_content }}\n<channel|>{% endif %}\
{% for call in message.tool_calls %}<|tool_call>call:{{ call.function.name }}{{ write(call.function.arguments) }}<tool_call|>{% endfor %}\
{{ message.content }}<turn|>\n{% endfor %}";

const HARMONY: &str = "\
{% for tool in tools %}type {{ tool.function.name }} = (_: {{ tool.function.parameters | tojson }}) => any;\n{% endfor %}\
{% for message in messages %}\
{% if message.role == 'assistant' %}\
{% if message.thinking %}<|start|>assistant<|channel|>analysis<|message|>{{ message.thinking }}<|end|>{% endif %}\
{% if message.tool_calls %}{% set call = message.tool_calls[0].function %}\
<|start|>assistant to=functions.{{ call.name }}<|channel|>commentary json<|message|>{{ call.arguments | tojson }}<|call|>\
{% else %}<|start|>assistant<|channel|>final<|message|>{{ message.content }}<|return|>{% endif %}\
{% else %}<|start|>{{ message.role }}<|message|>{{ message.content }}<|end|>{% endif %}{% endfor %}";

const LFM2: &str = "\
{{ bos_token }}{% if tools %}<|im_start|>system\nList of tools: <|tool_list_start|>{{ tools | tojson }}<|tool_list_end|><|im_end|>\n{% endif %}\
{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}\
{% if message.tool_calls %}<|tool_call_start|>[{% for call in message.tool_calls %}{{ call.function.name }}(\
{% for key, value in call.function.arguments | items %}{{ key }}={{ value | tojson if value is string or value is mapping else value | string }}{{ ', ' if not loop.last }}{% endfor %})\
{{ ', ' if not loop.last }}{% endfor %}]<|tool_call_end|>{% endif %}<|im_end|>\n{% endfor %}";

const GRANITE: &str = "\
{% for tool in tools %}{{ tool | tojson }}{% endfor %}{% for message in messages %}\
<|start_of_role|>{{ message.role }}<|end_of_role|>{{ message.content }}\
{% if message.tool_calls %}<|tool_call|>[{% for call in message.tool_calls %}{{ call.function | tojson }}{{ ', ' if not loop.last }}{% endfor %}]{% endif %}\
<|end_of_text|>\n{% endfor %}";

const FAMILIES: [Family; 9] = [
    Family { name: "hermes", turn: ["<|im_start|>assistant\n", "<|im_end|>"], template: HERMES },
    Family { name: "qwen3-coder", turn: ["<|im_start|>assistant\n", "<|im_end|>"], template: QWEN3_CODER },
    Family {
        name: "llama3",
        turn: ["<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"],
        template: LLAMA3,
    },
    Family { name: "mistral", turn: ["[/INST]", "</s>"], template: MISTRAL },
    Family { name: "mistral-args", turn: ["[/INST]", "</s>"], template: MISTRAL_WITH_NAMES },
    Family { name: "gemma4", turn: ["<|turn>model\n", "<turn|>"], template: GEMMA4 },
    Family { name: "harmony", turn: ["<|start|>assistant", "<|call|>"], template: HARMONY },
    Family { name: "lfm2", turn: ["<|im_start|>assistant\n", "<|im_end|>"], template: LFM2 },
    Family {
        name: "granite",
        turn: ["<|start_of_role|>assistant<|end_of_role|>", "<|end_of_text|>"],
        template: GRANITE,
    },
];

impl Family {
    fn template(&self) -> ChatTemplate {
        ChatTemplate::new(self.template, "<s>", "</s>").unwrap()
    }

    /// What the template writes of a turn in which an assistant reasons and calls, which must also tell of tools and results.
    fn written(&self, reasoning: &str, calls: &[ToolCall]) -> String {
        let result = Message::tool_result(calls[0].id.as_str(), calls[0].name.as_str(), "7 degrees");
        let assistant = Message { content: None, ..Message::new("assistant", "") }
            .with_reasoning(reasoning)
            .with_tool_calls(calls.to_vec());
        let conversation = Conversation {
            messages: vec![Message::new("user", "How warm?"), assistant, result],
            tools: Some(tools()),
            ..Conversation::default()
        };
        let text = self.template().render_conversation(&conversation).unwrap().text();
        assert!(text.contains("get_weather") && text.contains("7 degrees"), "{}: {text}", self.name);
        let [begin, end] = self.turn;
        let turn = text.split_once(begin).unwrap_or_else(|| panic!("{}: {text}", self.name)).1;
        turn.split_once(end).unwrap().0.to_owned()
    }
}

fn call(id: &str, name: &str, arguments: &Value) -> ToolCall {
    ToolCall::new(id, name, arguments.to_string())
}

#[test]
fn the_calls_that_a_template_writes_are_read_back() {
    let weather = json!({
        "city": "Zürich\n\"x\" {<b>} \\ ' </parameter",
        "days": 2,
        "hourly": true,
        "place": { "lat": -1.5 },
        "tags": ["a", "b]"],
    });
    let all = [call("abcdef123", "get_weather", &weather), call("abcdef124", "now", &json!({}))];
    for family in FAMILIES {
        let format = family.template().output_format();
        assert_eq!(format.name(), family.name);
        // Some formats hold one call a message.
        let calls = if ["llama3", "harmony"].contains(&family.name) { &all[..1] } else { &all };
        let turn = family.written("I must look.", calls);
        let answer = read_in_every_way(format, &Prompt::default(), &turn);
        let read: Vec<(&str, Value)> = super::parser::calls(&answer);
        let given: Vec<(&str, Value)> =
            calls.iter().map(|call| (call.name.as_str(), Value::Object(call.arguments().unwrap()))).collect();
        assert_eq!(read, given, "{}: {turn}", family.name);
        assert_eq!(content(&answer), "", "{}: {turn}", family.name);
        assert_eq!(reasoning(&answer), if turn.contains("I must look.") { "I must look." } else { "" }, "{turn}");
        // What was read is a message that the template can write again.
        let again = answer.message.tool_calls;
        assert_eq!(
            family.written("I must look.", &again),
            turn.replace(&all[0].id, &again[0].id).replace(&all[1].id, &again.last().unwrap().id)
        );
    }
}

#[test]
fn published_templates_show_their_formats() {
    for (name, format) in [
        ("Qwen-Qwen3-0.6B", "hermes"),
        ("HuggingFaceTB-SmolLM3-3B", "none"),
        ("mistralai-Mistral-Nemo-Instruct-2407", "mistral"),
        ("openai-gpt-oss-120b", "harmony"),
        ("microsoft-Phi-3.5-mini-instruct", "none"),
    ] {
        let source = std::fs::read_to_string(wgslm_testing::golden(&format!("chat_templates/{name}.jinja"))).unwrap();
        let template = ChatTemplate::new(&source, "<s>", "</s>").unwrap();
        assert_eq!(template.output_format().name(), format, "{name}");
    }
}

#[test]
fn published_templates_take_messages_in_the_form_of_the_api() {
    for (name, expected) in [
        ("Qwen-Qwen3-0.6B", "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Bern\"}}"),
        (
            "mistralai-Mistral-Nemo-Instruct-2407",
            "[TOOL_CALLS][{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Bern\"}",
        ),
        ("openai-gpt-oss-120b", "commentary json<|message|>{\"city\": \"Bern\"}<|call|>"),
    ] {
        let source = std::fs::read_to_string(wgslm_testing::golden(&format!("chat_templates/{name}.jinja"))).unwrap();
        let template = ChatTemplate::new(&source, "<s>", "</s>").unwrap();
        let request = json!({
            "messages": [
                { "role": "user", "content": [{ "type": "text", "text": "How" }, { "type": "text", "text": "warm?" }] },
                { "role": "assistant", "content": null, "reasoning_content": "Hm.", "tool_calls": [
                    { "id": "abcdef123", "type": "function", "function": { "name": "get_weather", "arguments": "{\"city\": \"Bern\"}" } }
                ] },
                { "role": "tool", "tool_call_id": "abcdef123", "content": "7" },
            ],
            "tools": tools(),
            "reasoning_effort": "low",
        });
        let conversation: Conversation = serde_json::from_value(request).unwrap();
        let text = template.render_conversation(&conversation).unwrap().text();
        assert!(text.contains(expected) && text.contains("How\nwarm?"), "{name}: {text}");
        assert_eq!(text.contains("Hm."), name != "mistralai-Mistral-Nemo-Instruct-2407", "{name}: {text}");
        assert!(!text.contains("None"), "{name}: {text}");
        assert_eq!(
            conversation.messages[0]
                .content
                .as_ref()
                .map(|content| matches!(content, Content::Parts(parts) if parts.len() == 2)),
            Some(true)
        );
    }
}
