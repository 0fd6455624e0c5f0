//! Work that JavaScript may abort.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::error::to_js;

/// Waits for `work`, unless `aborted` rejects before; the work is dropped then, which frees what it holds.
///
/// # Errors
/// Those of `work`, and the reason with which `aborted` rejects.
pub(super) async fn unless_aborted<T>(
    aborted: Promise,
    work: impl Future<Output = crate::Result<T>>,
) -> Result<T, JsValue> {
    let (mut aborted, mut work) = (JsFuture::from(aborted), pin!(work));
    poll_fn(|context| match Pin::new(&mut aborted).poll(context) {
        Poll::Ready(Err(reason)) => Poll::Ready(Err(reason)),
        _ => work.as_mut().poll(context).map_err(|error| to_js(&error)),
    })
    .await
}
