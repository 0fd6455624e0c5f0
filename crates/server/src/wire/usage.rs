//! The numbers of tokens of a request, and the speed of its answers.

use serde_json::{Value, json};
use wgslm::engine::Summary;

/// The usage of answers, given by prompt.
pub(crate) fn usage<'a>(prompts: impl IntoIterator<Item = &'a [Summary]>) -> Value {
    let (mut prompt, mut cached, mut completion, mut drafted, mut accepted) = (0, 0, 0, 0, 0);
    for answers in prompts {
        if let Some(first) = answers.first() {
            prompt += first.prompt_tokens;
            cached += first.cached_tokens;
        }
        for answer in answers {
            completion += answer.tokens;
            drafted += answer.timeline.drafted_tokens;
            accepted += answer.timeline.accepted_tokens;
        }
    }
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": { "cached_tokens": cached },
        "completion_tokens_details": {
            "accepted_prediction_tokens": accepted,
            "rejected_prediction_tokens": drafted.saturating_sub(accepted),
            "reasoning_tokens": 0,
        },
    })
}

/// The speed of an answer. Not of OpenAI's API.
pub(crate) fn timings(answer: Option<&Summary>) -> Value {
    answer.map_or(Value::Null, |Summary { timings, .. }| {
        json!({
            "ttftMs": timings.ttft_ms,
            "prefillTokensPerSecond": timings.prefill_tokens_per_s,
            "decodeTokensPerSecond": timings.decode_tokens_per_s,
        })
    })
}
