//! Completing a text that is being typed.

use serde::Serialize;
use tsify::Tsify;
use wgslm_text::{FillOrder, Tokenizer};

/// The tokens that prompts for completing a text are made with.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct CompletionTokens {
    /// The token that begins a prompt, if the model wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    begin: Option<u32>,
    /// The tokens of a model that fills in the middle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    fill_in_middle: Option<FillInMiddleTokens>,
}

/// The tokens before the parts of a prompt whose middle is filled in.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
struct FillInMiddleTokens {
    /// Precedes the text before the gap.
    prefix: u32,
    /// Precedes the text after the gap.
    suffix: u32,
    /// Precedes the text in the gap, unless that follows the text before the gap immediately.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    middle: Option<u32>,
    /// True where the text after the gap comes before the one before it.
    suffix_first: bool,
}

impl CompletionTokens {
    pub(super) fn of(tokenizer: &Tokenizer) -> Self {
        let fill_in_middle = tokenizer.fill_in_middle().map(|tokens| FillInMiddleTokens {
            prefix: tokens.prefix,
            suffix: tokens.suffix,
            middle: tokens.middle,
            suffix_first: tokens.order == FillOrder::SuffixFirst,
        });
        Self { begin: tokenizer.prompt_begin(), fill_in_middle }
    }
}
