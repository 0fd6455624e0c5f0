//! Compiles pipelines on background threads.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::pipelines::Pipeline;

/// A queue of pipelines to compile, and its threads, which end when the queue is empty.
#[derive(Default)]
pub(crate) struct Compiler {
    shared: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Pipeline>,
    threads: usize,
}

impl Compiler {
    /// Queues `pipeline` for compilation, and starts another thread where there are fewer threads than cores.
    pub(crate) fn begin(&self, pipeline: &Pipeline) {
        let mut state = lock(&self.shared);
        state.waiting.push_back(pipeline.clone());
        if state.threads < thread::available_parallelism().map_or(1, NonZero::get) {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new().name("pipeline compiler".to_owned()).spawn(move || work(&shared));
            // Without a thread, the first caller that needs the pipeline compiles it.
            state.threads += usize::from(thread.is_ok());
        }
    }

    /// Resolves at once, since [`Pipeline::get`] waits for a pipeline or compiles it.
    pub(crate) fn finished(&self) -> impl Future<Output = ()> + use<> {
        std::future::ready(())
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        lock(&self.shared).waiting.clear();
    }
}

fn work(shared: &Mutex<State>) {
    while let Some(pipeline) = next(shared) {
        pipeline.get();
    }
}

/// The next pipeline to compile; where there is none, the calling thread counts as ended.
fn next(shared: &Mutex<State>) -> Option<Pipeline> {
    let mut state = lock(shared);
    let next = state.waiting.pop_front();
    state.threads -= usize::from(next.is_none());
    next
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
