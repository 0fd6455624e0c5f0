//! Text that is no call comes back unchanged.

use wgslm_testing::random::Random;
use wgslm_text::Prompt;
use wgslm_text::chat::OutputFormat;

use super::parser::{content, read, tools};

/// Pieces of text that look like the beginnings of markers and calls.
const PIECES: [&str; 28] = [
    "<",
    ">",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "'",
    "|",
    ":",
    ",",
    "\n",
    "  ",
    "<tool",
    "_call",
    "<|",
    "|>",
    "name",
    "é",
    "日本",
    "\u{1f600}",
    "think",
    "<function",
    "[TOOL",
    "CALLS",
    "to=",
];

#[test]
fn random_text_without_a_marker_is_unchanged_however_it_is_cut() {
    let tools = tools();
    let mut random = Random::new(3);
    for name in OutputFormat::names() {
        let format = OutputFormat::named(name).unwrap();
        let markers: Vec<&str> = format.marker_texts().filter(|text| text.len() > 1).collect();
        let mut checked = 0;
        while checked < 300 {
            let pieces: Vec<&str> = (0..random.below(20)).map(|_| PIECES[random.below(PIECES.len())]).collect();
            let text: String = pieces.concat();
            if markers.iter().any(|marker| text.contains(marker)) {
                continue;
            }
            checked += 1;
            let (answer, deltas) = read(format, &tools, &Prompt::default(), pieces);
            assert_eq!(content(&answer), text, "{name}: {deltas:?}");
            assert!(answer.message.tool_calls.is_empty() && answer.message.reasoning_content.is_none(), "{name}");
        }
    }
}
