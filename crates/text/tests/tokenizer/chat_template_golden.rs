//! Chat templates against Python's Jinja as Hugging Face sets it up: small templates, a construct each, and published ones.

use std::fs::File;
use std::path::Path;

use serde_json::{Map, Value};
use wgslm_testing::golden;
use wgslm_text::{ChatTemplate, Conversation, Message};

use super::model::golden_json;

/// Unsupported constructs. Each must be an error that has this text in it, and never another prompt.
const REFUSED: [(&str, &str); 20] = [
    ("{{ -true }}", "invalid operation"),
    ("{{ text['upper']() }}", "not callable"),
    ("{{ '{!r}'.format('a') }}", "'!'"),
    ("{{ 'abc'.encode() }}", "encode"),
    ("{{ 'abc'.encode('utf-8').decode() }}", "encode"),
    ("{{ 'abc'.translate({97: 'x'}) }}", "translate"),
    ("{% for a in 1, 2, 3 %}{{ a }}{% endfor %}", "`,`"),
    ("{% macro m(a) %}{{ a }}{{ varargs }}{% endmacro %}{{ m(1, 2, 3) }}", "`varargs`"),
    ("{% macro m(a) %}{{ a }}{{ kwargs }}{% endmacro %}{{ m(1, c=3) }}", "`kwargs`"),
    ("{% macro m() %}{{ varargs }}{% endmacro %}{{ m(1, 2) }}", "`varargs`"),
    ("{% macro m() %}{{ kwargs.x }}{% endmacro %}{{ m(x=2) }}", "`kwargs`"),
    ("{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(1) }}", "`b`"),
    ("{% block a %}x{% endblock a %}{{ self.a() }}", "undefined"),
    ("{% for n in numbers %}{% block b %}{{ n is defined }}{% endblock %}{% endfor %}", "scoped"),
    ("{% print 1 %}", "print"),
    ("{% set self = 1 %}", "self"),
    ("{% set loop = 1 %}", "loop"),
    ("{{ 'http://a.b/c x'|urlize }}", "urlize"),
    ("{{ {'a': 'b c', 'd': none}|xmlattr }}", "xmlattr"),
    ("{{ [1, 'a']|pprint }}", "pprint"),
];
/// Unsupported filters, whatever their arguments.
const REFUSED_FILTERS: [&str; 2] = ["pprint", "wordwrap"];

/// Constructs that render differently here and that no prompt needs: the look of Jinja's own objects, and their attributes.
const UNLIKE: [&str; 6] = [
    "{{ map['get'] is defined }}",
    "{{ self is defined }}",
    "{% set ns = namespace(a=1, b='x') %}{{ ns }}",
    "{% macro m(a) %}x{% endmacro %}{{ m.name }}{{ m.arguments }}",
    "{% for x in messages %}{{ loop }}{% endfor %}",
    "{{ none[1:] }}",
];

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn message(json: Value) -> Message {
    serde_json::from_value(json).unwrap()
}

fn conversation(json: &Value) -> Conversation {
    let list = |name: &str| json.get(name).and_then(Value::as_array).cloned();
    Conversation {
        messages: list("messages").unwrap_or_default().into_iter().map(message).collect(),
        tools: list("tools"),
        documents: list("documents"),
        variables: json.get("variables").map(object).unwrap_or_default(),
        add_generation_prompt: json.get("add_generation_prompt").is_none_or(|flag| flag == true),
        ..Conversation::default()
    }
}

#[test]
fn each_construct_writes_what_jinja_writes() {
    let golden = golden_json("chat_templates_jinja.json");
    let mut given = Conversation { variables: object(&golden["context"]), ..Conversation::default() };
    given.variables.shift_remove("tools");
    let mut wrong = Vec::new();
    for row in golden["rows"].as_array().unwrap() {
        let source = row["source"].as_str().unwrap();
        let written =
            ChatTemplate::new(source, "<s>", "</s>").and_then(|template| template.render_conversation(&given));
        let refused = REFUSED
            .iter()
            .find(|(refused, _)| *refused == source)
            .map(|(_, reason)| *reason)
            .or_else(|| REFUSED_FILTERS.into_iter().find(|filter| source.contains(&format!("|{filter}"))));
        match (written, refused) {
            (Err(error), Some(reason)) if error.to_string().contains(reason) => {}
            (Ok(prompt), None) if prompt.text() == row["text"].as_str().unwrap() => {}
            _ if UNLIKE.contains(&source) => {}
            (written, _) => wrong.push(format!(
                "{source}\n  {:?} instead of {:?}",
                written.map(|prompt| prompt.text()),
                row["text"]
            )),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Renders every golden conversation whose template lies in `folder`.
fn check_golden(golden: &Value, folder: &Path) -> usize {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for row in golden["rows"].as_array().unwrap() {
        let (name, index) = (row["template"].as_str().unwrap(), row["conversation"].as_u64().unwrap());
        let source = std::fs::read_to_string(folder.join(format!("{name}.jinja"))).unwrap();
        let given = conversation(&golden["conversations"][usize::try_from(index).unwrap()]);
        let rendered =
            ChatTemplate::new(&source, "<s>", "</s>").and_then(|template| template.render_conversation(&given));
        checked += 1;
        match (&rendered, row["text"].as_str()) {
            // Only dates are written as expressions there.
            (Ok(prompt), Some(golden)) if prompt.text() == render_dates(golden) => {}
            (Err(error), None) if error.to_string().contains(row["error"].as_str().unwrap()) => {}
            (_, golden) => wrong.push(format!(
                "{name}, conversation {index}:\n  {:?}\n  instead of {golden:?}",
                rendered.as_ref().map(|prompt| prompt.text())
            )),
        }
    }
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong.join("\n"));
    checked
}

fn render_dates(golden: &str) -> String {
    let mut text = String::new();
    let mut rest = golden;
    while let Some((before, (date, after))) =
        rest.split_once("{{ strftime_now(").and_then(|(before, after)| Some((before, after.split_once(" }}")?)))
    {
        text += before;
        let date = ChatTemplate::new(&format!("{{{{ strftime_now({date} }}}}"), "", "").unwrap();
        text += &date.render(&[], true).unwrap().text();
        rest = after;
    }
    text + rest
}

#[test]
fn published_templates_write_what_hugging_face_writes() {
    assert_eq!(check_golden(&golden_json("chat_templates.json"), &golden("chat_templates")), 65);
}

#[test]
#[ignore = "needs a folder of templates with what chat_templates.py makes of them, at the path that WGSLM_CHAT_TEMPLATES gives"]
fn more_published_templates_write_what_hugging_face_writes() {
    let folder = std::env::var("WGSLM_CHAT_TEMPLATES").unwrap();
    let folder = Path::new(&folder);
    let golden = serde_json::from_reader(File::open(folder.join("chat_templates.json")).unwrap()).unwrap();
    assert!(check_golden(&golden, folder) > 0);
}
