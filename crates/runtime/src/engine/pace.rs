//! Back-pressure of a load: weights come no faster than the device takes them.

use std::pin::Pin;

use wgslm_gpu::Gpu;

use super::Loader;
use crate::Result;

/// Bytes between two waits for the device, which would otherwise queue up the writes of a whole model. Each wait is for what was
/// written before the bytes written last, so that the device has something to do meanwhile.
const BYTES_AHEAD: u64 = 16 << 20;

/// Resolves once writes are done.
#[cfg(not(target_arch = "wasm32"))]
type Writes = Pin<Box<dyn Future<Output = wgslm_gpu::Result<()>> + Send>>;
/// As natively; what a browser hands out belongs to one thread.
#[cfg(target_arch = "wasm32")]
type Writes = Pin<Box<dyn Future<Output = wgslm_gpu::Result<()>>>>;

/// The writes that a loader hasn't waited for.
#[derive(Default)]
pub(super) struct Pace {
    /// Bytes that had been loaded at the last wait.
    noted: u64,
    /// What was written before.
    writes: Option<Writes>,
}

impl Pace {
    /// Notes that `loaded` bytes have been written in all; gives the writes to wait for, where it is time to.
    fn writes_to_wait_for(&mut self, gpu: &Gpu, loaded: u64) -> Option<Writes> {
        if loaded - self.noted < BYTES_AHEAD {
            return None;
        }
        self.noted = loaded;
        self.writes.replace(Box::pin(gpu.finished()))
    }
}

impl Loader {
    /// Takes the next bytes of the file, as [`Self::push`] does, and gives a future that resolves when the device has room for
    /// more. It doesn't hold the loader.
    ///
    /// # Errors
    /// As [`Self::push`]; the future's are those that the device reports.
    pub fn push_paced(&mut self, bytes: &[u8]) -> Result<impl Future<Output = Result<()>> + use<>> {
        self.push(bytes)?;
        let loaded = self.loaded_bytes();
        let writes = self.pace.writes_to_wait_for(self.device.gpu(), loaded);
        Ok(async move {
            if let Some(writes) = writes {
                writes.await?;
            }
            Ok(())
        })
    }
}
