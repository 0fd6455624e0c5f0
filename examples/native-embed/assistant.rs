//! A model inside a program: any thread may ask, so many wait, others are told to come back, and the end waits for answers under way.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wgslm::engine::{Engine, EngineOptions, GenerateOptions, GenerationEvent, Loader, Prompt, Summary};
use wgslm::{Device, DeviceOptions};

/// The reason that a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// As many questions wait as may.
    #[error("too many questions wait; ask again in {} ms", retry_after.as_millis())]
    Busy { retry_after: Duration },
    /// The program ends.
    #[error("the assistant takes no more questions")]
    Stopping,
    /// The model or its device failed.
    #[error(transparent)]
    Model(wgslm::Error),
}

impl From<wgslm::Error> for AskError {
    fn from(error: wgslm::Error) -> Self {
        match error {
            wgslm::Error::Busy { retry_after_ms } => Self::Busy { retry_after: Duration::from_millis(retry_after_ms) },
            error => Self::Model(error),
        }
    }
}

/// A model that all threads of a program share. The engine runs on a thread of its own, and has the queue.
pub(crate) struct Assistant {
    engine: Engine,
    work: Mutex<Work>,
    ended: Condvar,
}

/// The questions under way, and whether there may be more.
#[derive(Default)]
struct Work {
    running: usize,
    stopping: bool,
}

/// A question under way, until it is dropped.
struct Running<'a>(&'a Assistant);

impl Assistant {
    /// Loads a GGUF file; `options.slots` questions run at a time, and `options.queue` more wait.
    pub(crate) fn load(path: &Path, options: &EngineOptions) -> Result<Self, Box<dyn std::error::Error>> {
        let device = pollster::block_on(Device::open(&DeviceOptions::default()))?;
        let mut loader = Loader::new(&device, options);
        let mut file = File::open(path)?;
        let mut piece = vec![0; 1 << 20];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                length => loader.push(&piece[..length])?,
            }
        }
        let engine = pollster::block_on(loader.finish())?;
        Ok(Self { engine, work: Mutex::default(), ended: Condvar::new() })
    }

    /// Asks, and waits for the answer, whose pieces are given to `each` as they come.
    pub(crate) fn ask(
        &self,
        prompt: &Prompt,
        options: GenerateOptions,
        mut each: impl FnMut(&str),
    ) -> Result<Summary, AskError> {
        let _running = self.begin()?;
        let mut generation = self.engine.generate_from(prompt, options)?;
        loop {
            match pollster::block_on(generation.next())? {
                Some(GenerationEvent::Token { text, .. }) => each(&text),
                Some(GenerationEvent::Finished(summary)) => return Ok(summary),
                None => return Err(AskError::Stopping),
            }
        }
    }

    /// Takes no more questions, and returns once those under way have their answers.
    pub(crate) fn stop(&self) {
        let mut work = self.work();
        work.stopping = true;
        while work.running > 0 {
            work = self.ended.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn begin(&self) -> Result<Running<'_>, AskError> {
        let mut work = self.work();
        if work.stopping {
            return Err(AskError::Stopping);
        }
        work.running += 1;
        Ok(Running(self))
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.work().running -= 1;
        self.0.ended.notify_all();
    }
}
