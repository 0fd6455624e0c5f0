//! Tokenizers of `tokenizer.json`, which another WebAssembly module runs.

use wasm_bindgen::prelude::*;
use wgslm_text::{JsonReader, JsonTokenizer, Special};

/// The interface of the class in `crates/tokenizers`.
#[wasm_bindgen(typescript_custom_section)]
const READER: &str = r#"
/** What reads the `tokenizer.json` of a Hugging Face folder: a class of another WebAssembly module. */
export interface TokenizerReader {
    read(json: Uint8Array): { describe(): Uint8Array; encode(text: string, special: boolean): Uint32Array };
}
"#;

#[wasm_bindgen]
extern "C" {
    /// The class that reads a `tokenizer.json`.
    #[wasm_bindgen(typescript_type = "TokenizerReader")]
    pub type JsReader;

    #[wasm_bindgen(method, catch)]
    fn read(this: &JsReader, json: &[u8]) -> Result<JsTokenizer, JsValue>;

    /// The tokenizer of a `tokenizer.json`, in the memory of its module.
    #[derive(Debug)]
    type JsTokenizer;

    #[wasm_bindgen(method, catch)]
    fn describe(this: &JsTokenizer) -> Result<Vec<u8>, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn encode(this: &JsTokenizer, text: &str, special: bool) -> Result<Vec<u32>, JsValue>;
}

impl JsonTokenizer for JsTokenizer {
    fn describe(&self) -> wgslm_text::Result<Vec<u8>> {
        self.describe().map_err(|error| failed(&error))
    }

    fn encode(&self, text: &str, special: Special) -> wgslm_text::Result<Vec<u32>> {
        self.encode(text, special == Special::Parse).map_err(|error| failed(&error))
    }
}

/// The reader that the class is.
pub(super) fn reader(class: JsReader) -> JsonReader {
    JsonReader::new(move |json| match class.read(json) {
        Ok(tokenizer) => Ok(Box::new(tokenizer)),
        Err(error) => Err(failed(&error)),
    })
}

/// The error that the class threw.
fn failed(error: &JsValue) -> wgslm_text::Error {
    let message = error.dyn_ref::<js_sys::Error>().map(js_sys::Error::message);
    wgslm_text::Error::Tokenizer { reason: message.map_or_else(|| format!("{error:?}"), String::from) }
}
