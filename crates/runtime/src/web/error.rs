//! Errors as JavaScript has them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(super) fn log(text: &str);
}

/// An `Error` with the `code` of ours.
pub(super) fn to_js(error: &Error) -> JsValue {
    js_error(error.code(), &error.to_string())
}

fn js_error(code: &str, message: &str) -> JsValue {
    let object = js_sys::Error::new(message);
    // Setting a property of an object made here can't fail.
    let _ = js_sys::Reflect::set(&object, &"code".into(), &code.into());
    object.into()
}

/// Reads an options object; `undefined` counts as an empty one.
pub(super) fn options<T: DeserializeOwned + Default>(value: JsValue) -> Result<T, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    serde_wasm_bindgen::from_value(value).map_err(|error| js_error("invalid-option", &error.to_string()))
}

/// A plain object, with numbers for integers of every width.
pub(super) fn object<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| js_error("internal", &error.to_string()))
}

/// The error for an object that was used after it gave its contents up.
pub(super) fn spent(what: &str) -> JsValue {
    js_error("used-after-end", &format!("this {what} has ended; make another"))
}
