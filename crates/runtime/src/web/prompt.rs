//! Prompts as JavaScript has them.

use js_sys::{JSON, Uint32Array};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::error::invalid_argument;
use crate::engine::Prompt;

#[wasm_bindgen]
extern "C" {
    /// A text, tokens or messages.
    #[wasm_bindgen(typescript_type = "string | Uint32Array | readonly ChatMessage[]")]
    pub type JsPrompt;
}

impl JsPrompt {
    pub(super) fn read(self) -> Result<Prompt, JsValue> {
        if let Some(text) = self.as_string() {
            Ok(Prompt::Text(text))
        } else if let Some(tokens) = self.dyn_ref::<Uint32Array>() {
            Ok(Prompt::Tokens(tokens.to_vec()))
        } else {
            from_json("conversation", &self).map(Prompt::Messages)
        }
    }
}

/// Reads an object as what its JSON says, as a server would.
///
/// # Errors
/// One with the code `invalid-argument` says what is wrong with it.
pub(super) fn from_json<T: DeserializeOwned>(name: &str, value: &JsValue) -> Result<T, JsValue> {
    let json = JSON::stringify(value).ok().and_then(|text| text.as_string()).unwrap_or_default();
    serde_json::from_str(&json).map_err(|error| invalid_argument(&format!("the {name} is not usable: {error}")))
}
