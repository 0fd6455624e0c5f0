//! Errors and options between Rust and JavaScript.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use super::planner::MemoryPlan;
use crate::Error;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(super) fn log(text: &str);
}

/// The codes of errors as a TypeScript type; a test compares them with those in Rust.
#[wasm_bindgen(typescript_custom_section)]
const ERROR_CODES: &str = include_str!("error_codes.ts");

/// The advice to a user whose browser finds no GPU; natively the advice is different.
const NO_ADAPTER: &str = "the browser found no GPU that it can use; turn hardware acceleration on in its settings, update the browser and the graphics driver, and restart the browser (in Chrome, chrome://gpu tells more)";

/// The longest time that timers of browsers take, in ms: 24 days.
const MOST_MS: f64 = i32::MAX as f64;

/// Converts an error to a JavaScript `Error` with its `code`.
pub(super) fn to_js(error: &Error) -> JsValue {
    let thrown = match error {
        Error::Gpu(wgslm_gpu::Error::NoAdapter) => js_error(error.code(), NO_ADAPTER),
        Error::Gpu(wgslm_gpu::Error::DeviceLost { reason }) => js_error(error.code(), &device_lost(reason)),
        _ => js_error(error.code(), &error.to_string()),
    };
    if let Error::NoRoom { plan, .. } = error
        && let Ok(plan) = object(&MemoryPlan::from(&**plan))
    {
        set(&thrown, "plan", JsValue::from(plan));
    }
    if let Error::Busy { retry_after_ms } = error {
        set(&thrown, "retryAfterMs", *retry_after_ms as f64);
    }
    thrown
}

/// The message of a device that was lost: the package loads the model again by itself.
fn device_lost(reason: &str) -> String {
    let reason = if reason.is_empty() { "the browser gave no reason" } else { reason };
    format!("the GPU was lost ({reason}); try again: the next call gets it back and loads the model again by itself")
}

fn js_error(code: &str, message: &str) -> JsValue {
    let object = js_sys::Error::new(message).into();
    set(&object, "code", code);
    object
}

/// Sets a property of an object made here, which can't fail.
fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    let _ = js_sys::Reflect::set(object, &name.into(), &value.into());
}

/// Reads a JavaScript object of options.
pub(super) fn options<T: Tsify + DeserializeOwned>(value: Ts<T>) -> Result<T, JsValue> {
    T::from_js(value).map_err(|error| js_error("invalid-option", &format!("the options are not usable: {error}")))
}

/// Reads an option that is a time in ms.
///
/// # Errors
/// [`Error::InvalidOption`] for a time that is no timer's.
pub(super) fn duration(option: &str, ms: f64) -> crate::Result<Duration> {
    if (0.0..=MOST_MS).contains(&ms) {
        return Ok(Duration::from_secs_f64(ms / 1e3));
    }
    Err(Error::InvalidOption {
        option: option.to_owned(),
        value: ms.to_string(),
        expected: format!("a time in ms, from 0 to {MOST_MS}"),
    })
}

/// Converts a value to a plain JavaScript object.
pub(super) fn object<T: Tsify + Serialize>(value: &T) -> Result<Ts<T>, JsValue> {
    value.into_ts().map_err(|error| js_error("internal", &error.to_string()))
}

/// The error for an argument that is something else than the call takes, or lacks a part.
pub(super) fn invalid_argument(message: &str) -> JsValue {
    js_error("invalid-argument", message)
}

/// The error for an object that is used after its end.
pub(super) fn spent(what: &str) -> JsValue {
    js_error("internal", &format!("this {what} has ended; make another"))
}
