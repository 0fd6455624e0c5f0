//! Filling: the bytes of files are written straight to memory that the device copies from.

use wgslm_formats::source::Upcoming;
use wgslm_gpu::Upload;

use super::Loader;
use crate::Result;
use crate::model::SAMPLE;

/// The most bytes that are copied at a time for the CPU to pack.
const PIECE: u64 = 1 << 20;

/// Room for the next bytes of the open file, in memory that the device copies from.
pub struct UploadRoom<'a> {
    upload: &'a mut Upload,
    offset: usize,
    length: usize,
}

impl UploadRoom<'_> {
    /// The number of bytes that it takes, at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // It is never empty.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Writes the first bytes, as many as there is room for at most.
    pub fn write(&mut self, bytes: &[u8]) {
        self.upload.write(self.offset, &bytes[..bytes.len().min(self.length)]);
    }

    /// Its memory, as JavaScript can write it until [`Loader::filled`].
    #[cfg(target_arch = "wasm32")]
    #[must_use]
    pub fn array(&self) -> js_sys::Uint8Array {
        self.upload.array(self.offset, self.length)
    }
}

impl Loader {
    /// Room for the next bytes of the open file; `None` where they have to be pushed, as a header has, and everything where the CPU packs
    /// weights. In a browser, wait for [`Self::ready`] before.
    ///
    /// # Errors
    /// What the device reports.
    pub fn room(&mut self) -> Result<Option<UploadRoom<'_>>> {
        let repacker = self.begun.as_mut().and_then(|begun| begun.incoming.repacker.as_mut());
        let (Some(Upcoming { run, .. }), Some(repacker)) = (self.reader.upcoming(), repacker) else { return Ok(None) };
        let (upload, offset, left) = repacker.room()?;
        Ok(Some(UploadRoom { upload, offset: offset as usize, length: run.min(left) as usize }))
    }

    /// Takes the next `bytes` bytes of the open file, which were written to the start of [`Self::room`]; `read` copies some of them, from
    /// an offset on.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn filled(&mut self, bytes: usize, read: impl Fn(usize, &mut [u8])) -> Result<()> {
        let bytes = self.room()?.map_or(0, |room| bytes.min(room.len())) as u64;
        let copied = |at: u64, count: u64| {
            let mut copy = vec![0; count as usize];
            read(at as usize, &mut copy);
            copy
        };
        let mut at = 0;
        while at < bytes
            && let Some(next) = self.reader.upcoming()
        {
            let left = bytes - at;
            let count = left.saturating_sub(next.gap).min(next.bytes);
            match (next.tensor, &mut self.begun) {
                (Some(tensor), Some(begun)) if count > 0 && begun.incoming.is_repacked(tensor) => {
                    let from = at + next.gap;
                    let sampled = (SAMPLE as u64).saturating_sub(next.offset).min(count);
                    begun.fingerprint.data(tensor, next.offset, &copied(from, sampled));
                    if let Some(repacker) = &mut begun.incoming.repacker {
                        repacker.place((tensor, next.offset), from, count);
                    }
                }
                (Some(_), _) if count > 0 => {
                    let piece = copied(at, (next.gap + count).min(PIECE));
                    self.push(&piece)?;
                    at += piece.len() as u64;
                    continue;
                }
                _ => {}
            }
            let passed = left.min(next.gap + count);
            self.reader.pass(passed);
            at += passed;
        }
        if let Some(repacker) = self.begun.as_mut().and_then(|begun| begun.incoming.repacker.as_mut()) {
            repacker.filled(at);
        }
        Ok(self.device.gpu().check()?)
    }
}
