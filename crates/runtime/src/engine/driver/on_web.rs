//! The driver as a future on a browser's event loop. A request starts it, and it ends when there are none.

use std::cell::Cell;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::super::Inner;
use super::{Driver, Pause};
use crate::Result;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &js_sys::Function, ms: f64) -> JsValue;
}

/// Wakes the driver. It could be shared between threads, as every waker has to be.
#[derive(Default)]
pub(in crate::engine) struct Bell {
    rung: AtomicBool,
    closed: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

impl Bell {
    /// Has the driver plan again.
    pub(in crate::engine) fn ring(&self) {
        self.rung.store(true, Ordering::Relaxed);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Has the driver end.
    pub(in crate::engine) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.ring();
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        if self.rung.swap(false, Ordering::Relaxed) {
            return Poll::Ready(());
        }
        self.waker.lock().unwrap_or_else(PoisonError::into_inner).replace(context.waker().clone());
        Poll::Pending
    }
}

/// Whether the driver's future is under way.
#[derive(Default)]
pub(in crate::engine) struct Driving {
    running: Arc<Cell<bool>>,
}

impl Driving {
    /// Starts the driver, unless it runs.
    ///
    /// # Errors
    /// None; natively there are some.
    #[allow(clippy::unnecessary_wraps)] // As natively.
    pub(in crate::engine) fn start(&self, inner: &Arc<Inner>) -> Result<()> {
        if !self.running.replace(true) {
            let (inner, running) = (Arc::clone(inner), Arc::clone(&self.running));
            spawn_local(async move {
                drive(&inner).await;
                running.set(false);
            });
        }
        Ok(())
    }

    /// Does nothing: the future ends by itself once its bell is closed.
    #[allow(clippy::unused_self)] // As natively.
    pub(in crate::engine) fn stop(&self) {}
}

async fn drive(inner: &Inner) {
    let mut driver = Driver::default();
    while !inner.bell.closed.load(Ordering::Relaxed) {
        let pause = driver.advance(inner);
        if let Some((job, _)) = inner.next_masks() {
            inner.compute_masks(job);
            continue;
        }
        match pause {
            Pause::Readback => {
                let Some(oldest) = driver.steps.front_mut() else { continue };
                // A call may bring a request that can go on at once.
                let read = poll_fn(|context| match pin!(&mut oldest.readback).poll(context) {
                    Poll::Ready(result) => Poll::Ready(Some(result)),
                    Poll::Pending => inner.bell.poll(context).map(|()| None),
                });
                if let Some(result) = read.await {
                    driver.read(inner, result);
                }
            }
            Pause::Call(None) => poll_fn(|context| inner.bell.poll(context)).await,
            Pause::Call(Some(until)) => {
                let mut timer = pin!(sleep(until.saturating_sub(inner.now())));
                poll_fn(|context| match timer.as_mut().poll(context) {
                    Poll::Ready(()) => Poll::Ready(()),
                    Poll::Pending => inner.bell.poll(context),
                })
                .await;
            }
            Pause::Idle => return,
        }
    }
}

/// Resolves after `time`, rounded up to whole ms.
async fn sleep(time: Duration) {
    let ms = (time.as_secs_f64() * 1e3).ceil();
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, ms);
    });
    // A timer has no error.
    let _ = JsFuture::from(promise).await;
}
