//! The interface to JavaScript: conversions, no logic. It is a WebAssembly module of its own, which a page loads with the first model
//! that has a `tokenizer.json`.

use wasm_bindgen::prelude::*;

use crate::{Error, JsonTokenizer};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn log(text: &str);
}

/// Runs when the module is instantiated: writes the message of a panic to the console, since the trap that follows has none.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| log(&info.to_string())));
}

/// The tokenizer of a `tokenizer.json`.
#[wasm_bindgen(js_name = JsonTokenizer)]
pub struct JsTokenizer {
    tokenizer: JsonTokenizer,
}

#[wasm_bindgen(js_class = JsonTokenizer)]
impl JsTokenizer {
    /// Reads a `tokenizer.json`.
    pub fn read(json: &[u8]) -> Result<Self, JsValue> {
        let tokenizer = JsonTokenizer::from_bytes(json).map_err(|error| to_js(&error))?;
        Ok(Self { tokenizer })
    }

    /// The description of the tokenizer in one buffer.
    pub fn describe(&self) -> Result<Vec<u8>, JsValue> {
        self.tokenizer.describe().map_err(|error| to_js(&error))
    }

    /// The tokens of a text; control tokens that it spells count if `special` is true.
    pub fn encode(&self, text: &str, special: bool) -> Result<Vec<u32>, JsValue> {
        self.tokenizer.encode(text, special).map_err(|error| to_js(&error))
    }
}

/// Converts an error to a JavaScript `Error` with its `code`.
fn to_js(error: &Error) -> JsValue {
    let object = js_sys::Error::new(&error.to_string()).into();
    // Setting a property of an object made here can't fail.
    let _ = js_sys::Reflect::set(&object, &"code".into(), &error.code().into());
    object
}
