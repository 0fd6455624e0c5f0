//! Log-probabilities of tokens.

use serde_json::{Map, Value, json};
use wgslm::engine::{Engine, TokenLogprobs};

/// A token's log-probability, and those of the likeliest ones, as chats have them.
pub(crate) fn entry(engine: &Engine, (token, found): &(u32, TokenLogprobs)) -> Value {
    let top = found.alternatives.iter().map(|(token, logprob)| single(engine, *token, *logprob));
    let mut entry = single(engine, *token, found.logprob);
    entry["top_logprobs"] = top.collect();
    entry
}

/// The log-probabilities of the tokens of a continuation, whose first piece is at the character `offset` of the answer.
pub(crate) fn completion_logprobs(engine: &Engine, tokens: &[(u32, TokenLogprobs, usize)]) -> Value {
    let text = |token: u32| spelled(engine, token).0;
    let top = |found: &TokenLogprobs| -> Map<String, Value> {
        found.alternatives.iter().map(|(token, logprob)| (text(*token), json!(logprob))).collect()
    };
    json!({
        "tokens": tokens.iter().map(|(token, ..)| text(*token)).collect::<Vec<_>>(),
        "token_logprobs": tokens.iter().map(|(_, found, _)| found.logprob).collect::<Vec<_>>(),
        "top_logprobs": tokens.iter().map(|(_, found, _)| top(found)).collect::<Vec<_>>(),
        "text_offset": tokens.iter().map(|(_, _, offset)| *offset).collect::<Vec<_>>(),
    })
}

fn single(engine: &Engine, token: u32, logprob: f32) -> Value {
    let (text, bytes) = spelled(engine, token);
    json!({ "token": text, "logprob": logprob, "bytes": Some(bytes).filter(|bytes| !bytes.is_empty()) })
}

/// A token's text, in which an incomplete character is U+FFFD, and its bytes; of a control token its name, and none.
fn spelled(engine: &Engine, token: u32) -> (String, Vec<u8>) {
    let Ok(tokenizer) = engine.model().tokenizer() else { return (String::new(), Vec::new()) };
    let bytes = tokenizer.token_bytes(token);
    let text = match bytes.is_empty() {
        true => tokenizer.token_text(token).unwrap_or_default().to_owned(),
        false => String::from_utf8_lossy(&bytes).into_owned(),
    };
    (text, bytes)
}
