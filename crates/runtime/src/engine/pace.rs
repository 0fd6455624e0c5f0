//! Back-pressure in loading: weights are pushed no faster than the device takes them.

use std::pin::Pin;

use wgslm_gpu::Gpu;

use super::Loader;
use crate::Result;
use crate::model::Repacker;

/// Bytes between two waits for the device, without which the writes of a whole model would queue up. Each wait is for the writes
/// before the last such interval, so that the device stays busy meanwhile. A page has less memory for them than a program.
const BYTES_AHEAD: u64 = if cfg!(target_arch = "wasm32") { 16 << 20 } else { 256 << 20 };

/// A future that is waited for later.
#[cfg(not(target_arch = "wasm32"))]
pub(super) type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// A future that is waited for later; in a browser it belongs to one thread.
#[cfg(target_arch = "wasm32")]
pub(super) type Later<T> = Pin<Box<dyn Future<Output = T>>>;

/// A future that resolves once writes are done.
type Writes = Later<wgslm_gpu::Result<()>>;

/// The writes that a loader hasn't waited for yet.
#[derive(Default)]
pub(super) struct Pace {
    /// Bytes loaded by the time of the last wait.
    noted: u64,
    /// The writes before that time.
    writes: Option<Writes>,
}

impl Pace {
    /// Records that `loaded` bytes have been written in all, and returns the writes to wait for when a wait is due.
    fn writes_to_wait_for(&mut self, gpu: &Gpu, loaded: u64) -> Option<Writes> {
        if loaded - self.noted < BYTES_AHEAD {
            return None;
        }
        self.noted = loaded;
        self.writes.replace(Box::pin(gpu.finished()))
    }
}

impl Loader {
    /// Takes the next bytes of the file, as [`Self::push`] does, and returns a future that resolves when the device has room for
    /// more. The future doesn't borrow the loader.
    ///
    /// # Errors
    /// As [`Self::push`]; the future returns what the device reports.
    pub fn push_paced(&mut self, bytes: &[u8]) -> Result<impl Future<Output = Result<()>> + use<>> {
        self.push(bytes)?;
        Ok(self.ready())
    }

    /// Resolves when the device has room for more bytes. The future doesn't borrow the loader.
    pub fn ready(&mut self) -> impl Future<Output = Result<()>> + use<> {
        let packed = self.packed;
        let writes = self.pace.writes_to_wait_for(self.device.gpu(), packed);
        let compiled = self.repacks_compiled.take();
        let repacker = self.begun.as_ref().and_then(|begun| begun.incoming.repacker.as_ref());
        let uploads = repacker.map(Repacker::ready);
        async move {
            if let Some(compiled) = compiled {
                compiled.await;
            }
            if let Some(writes) = writes {
                writes.await?;
            }
            if let Some(uploads) = uploads {
                uploads.await?;
            }
            Ok(())
        }
    }
}
