//! Calls that aren't: nothing of them is lost, and nothing panics.

use wgslm_testing::random::Random;
use wgslm_text::Prompt;

use super::parser::{content, format, read, read_in_every_way, reasoning, tools};
use super::streaming::cases;

#[test]
fn a_call_that_does_not_begin_is_text() {
    for (name, text) in [
        ("hermes", "a <tool_call>junk</tool_call> b"),
        ("hermes", "<tool_call>\n{\"name\": \"get_wea"),
        ("hermes", "<tool_call>{\"name\": 3, \"arguments\": {}}"),
        ("hermes", "<tool_call>{\"name\": \"now\", \"arguments\": 3}</tool_call>"),
        ("hermes", "<tool_call>{\"name\": \"\", \"arguments\": {}}</tool_call>"),
        ("hermes", "<tool_call>{\"arguments\": {}}</tool_call>"),
        ("hermes", "<tool_call>{\"nom\": \"now\"}</tool_call>"),
        ("hermes", "<tool_call> <tool_ca"),
        ("hermes", "  \n<tool_call>\n\n {"),
        ("qwen3-coder", "x <tool_call>\n<functional>"),
        ("qwen3-coder", "<tool_call>{\"name\": \"now\"}</tool_call>"),
        ("qwen3-coder", "<tool_call><function=now"),
        ("llama3", "{\"name\": \"nonesuch\", \"parameters\": {}}"),
        ("llama3", "<|python_tag|>print(1)"),
        ("mistral", "[TOOL_CALLS]now[ARG]{}"),
        ("mistral", "[TOOL_CALLS]now and more"),
        ("mistral", "[TOOL_CALLS]"),
        ("gemma4", "<|tool_call>cal:now{}<tool_call|>"),
        ("gemma4", "<|tool_call>call:now<tool_call|>"),
        ("harmony", "<|channel|>commentary to=functions.now<|message|>print(1)"),
        ("harmony", "<|channel|>no message"),
        ("lfm2", "<|tool_call_start|>[1 + 2]<|tool_call_end|>"),
        ("lfm2", "<|tool_call_start|>[now"),
    ] {
        let answer = read_in_every_way(format(name), &Prompt::default(), text);
        assert_eq!(content(&answer), text, "{name}");
        assert!(answer.message.tool_calls.is_empty() && !answer.unfinished_call, "{name}: {text:?}");
    }
}

#[test]
fn a_call_that_is_cut_off_keeps_what_came_of_its_arguments() {
    for (name, text, arguments, rest) in [
        ("hermes", "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zü", "{\"city\": \"Zü", ""),
        (
            "hermes",
            "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": junk}}</tool_call>",
            "{\"city\": ",
            "junk}}</tool_call>",
        ),
        ("qwen3-coder", "<tool_call><function=get_weather><parameter=city>a\n</par", "{\"city\": \"a\n</par", ""),
        ("qwen3-coder", "<tool_call><function=get_weather><parameter=days>12", "{\"days\": 12", ""),
        ("qwen3-coder", "<function=get_weather> and so on", "{", "and so on"),
        ("mistral", "[TOOL_CALLS]get_weather[ARGS]{\"city\"", "{\"city\"", ""),
        ("gemma4", "<|tool_call>call:get_weather{days:}<tool_call|>", "{\"days\":", "}<tool_call|>"),
        ("harmony", "<|channel|>commentary to=functions.get_weather<|message|>{\"a\": [<|call|>", "{\"a\": [", ""),
        ("lfm2", "<|tool_call_start|>[get_weather(3)]", "{", ")]"),
    ] {
        let answer = read_in_every_way(format(name), &Prompt::default(), text);
        let [call] = answer.message.tool_calls.as_slice() else { panic!("{name}: {answer:?}") };
        assert_eq!(call.arguments, arguments, "{name}: {text:?}");
        assert!(answer.unfinished_call && call.arguments().is_err(), "{name}: {text:?}");
        assert!(content(&answer).ends_with(rest), "{name}: {text:?} left {:?}", content(&answer));
    }
}

#[test]
fn hostile_answers_end_in_bounded_time() {
    let deep = "[".repeat(100_000);
    let long = "a".repeat(100_000);
    for (name, text) in [
        ("hermes", "<tool_call>{\"name\":\"now\",\"arguments\":{\"a\":".to_owned() + &deep),
        ("hermes", "<tool_call>".repeat(10_000)),
        ("hermes", "<tool_call>{\"".repeat(10_000)),
        ("hermes", "<".repeat(100_000)),
        ("hermes", " ".repeat(100_000)),
        ("qwen3-coder", "<tool_call><function=now><parameter=a>".to_owned() + &"\n</parameter".repeat(10_000)),
        ("qwen3-coder", "<tool_call><function=".to_owned() + &long),
        ("mistral", "[TOOL_CALLS]".to_owned() + &long),
        ("gemma4", "<|tool_call>call:now{a:".to_owned() + &deep),
        ("gemma4", "<|tool_call>call:now{a:<|\"|>".to_owned() + &"<|\"".repeat(30_000)),
        ("gemma4", "<|tool_call>call:now{".to_owned() + &long),
        ("harmony", "<|channel|>".repeat(10_000)),
        ("harmony", "<|channel|>".to_owned() + &long),
        ("lfm2", "<|tool_call_start|>[now(".to_owned() + &long),
        ("lfm2", "<|tool_call_start|>[now(a=".to_owned() + &deep),
        ("llama3", "{\"name\": \"now\", ".repeat(10_000)),
    ] {
        let began = std::time::Instant::now();
        let pieces = text.as_bytes().chunks(3).map(|piece| std::str::from_utf8(piece).unwrap());
        let (answer, deltas) = super::parser::read(format(name), &super::parser::tools(), &Prompt::default(), pieces);
        let kept: usize =
            content(&answer).len() + answer.message.tool_calls.iter().map(|call| call.arguments.len()).sum::<usize>();
        assert!(kept + 100 >= text.trim().len(), "{name}: {kept} of {} bytes in {} deltas", text.len(), deltas.len());
        assert!(began.elapsed().as_secs() < 5, "{name}: {:?}", began.elapsed());
    }
}

/// Answers with pieces left out, doubled, moved and cut off.
#[test]
fn damaged_answers_mean_the_same_however_they_are_cut_and_keep_their_letters() {
    let mut random = Random::new(5);
    let tools = tools();
    for case in cases() {
        let (name, text) = (case.0, case.1);
        for _ in 0..60 {
            let mut characters: Vec<char> = text.chars().collect();
            for _ in 0..=random.below(3) {
                let (from, to) = (random.below(characters.len() + 1), random.below(characters.len() + 1));
                let part: Vec<char> = characters[from.min(to)..from.max(to).min(from.min(to) + 12)].to_vec();
                match random.below(4) {
                    0 => drop(characters.drain(from.min(to)..from.min(to) + part.len())),
                    1 => drop(characters.splice(to..to, part)),
                    2 => characters.truncate(from),
                    _ => drop(
                        characters.splice(from..from, random.choose(&["<", "{", "\"", "}", "]", "\n", "<|"]).chars()),
                    ),
                }
            }
            let damaged: String = characters.iter().collect();
            let (whole, _) = read(format(name), &tools, &Prompt::default(), [damaged.as_str()]);
            let characters = damaged.char_indices().map(|(at, character)| &damaged[at..at + character.len_utf8()]);
            assert_eq!(read(format(name), &tools, &Prompt::default(), characters).0, whole, "{name}: {damaged:?}");
            // Markers and the frame of calls are left out, but no letter of a text.
            let calls = whole.message.tool_calls.iter().map(|call| call.name.clone() + &call.arguments);
            let kept = content(&whole).to_owned() + reasoning(&whole) + &calls.collect::<String>();
            let cities = |text: &str| text.matches("rich").count();
            assert_eq!(cities(&kept), cities(&damaged), "{name}: {damaged:?} became {whole:?}");
        }
    }
}
