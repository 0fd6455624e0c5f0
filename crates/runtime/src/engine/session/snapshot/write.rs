//! Writing a snapshot.

use std::collections::VecDeque;

use wgslm_gpu::{Readback, ReadbackRing, Region};
use xxhash_rust::xxh3::Xxh3;

use super::super::Session;
use super::{Header, Slot};
use crate::Result;

/// Bytes read back from the device at a time.
const BATCH: u64 = 4 << 20;
/// Readbacks under way at a time.
const READBACKS: usize = 2;

impl Session {
    /// Writes the session as bytes that [`Engine::restore`](super::super::super::Engine::restore) turns into a session again: its tokens,
    /// and what is cached of them, up to the last whole block or checkpoint. `each` takes the bytes in pieces of at most a few MiB, of
    /// which two are in memory at a time. Generations go on meanwhile; what they add isn't part of it.
    ///
    /// A snapshot reveals its text to whoever has it.
    ///
    /// # Errors
    /// [`Error::Busy`](crate::Error::Busy) where no slot is free to hold the blocks, whatever `each` returns, or what the device reports.
    pub async fn snapshot(&self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let engine = &self.engine.inner;
        let tokens = self.tokens();
        let slot = Slot::cached(engine, &tokens)?;
        each(&Header::new(engine, tokens.len() as u32, slot.length()).to_bytes())?;
        let mut sum = Xxh3::new();
        let mut write = |bytes: &[u8]| {
            sum.update(bytes);
            each(bytes)
        };
        let tokens: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
        write(&tokens)?;
        let regions = if slot.length() > 0 { slot.regions() } else { Vec::new() };
        let largest = regions.iter().map(|region| region.size).max().unwrap_or(0);
        let gpu = engine.device.gpu();
        let mut ring = ReadbackRing::new(gpu, READBACKS, BATCH.max(largest));
        let mut under_way: VecDeque<Readback> = VecDeque::with_capacity(READBACKS);
        for batch in batches(&regions) {
            let full = under_way.len() == READBACKS;
            if let Some(oldest) = under_way.pop_front_if(|_| full) {
                write(&oldest.await?)?;
            }
            under_way.push_back(gpu.read_regions(batch, &mut ring));
        }
        for readback in under_way {
            write(&readback.await?)?;
        }
        each(&sum.digest().to_le_bytes())
    }
}

/// Regions in groups of up to [`BATCH`] bytes.
fn batches(mut regions: &[Region]) -> impl Iterator<Item = &[Region]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |region: &&Region| {
            bytes += region.size;
            bytes <= BATCH
        };
        let count = regions.iter().take_while(fits).count().max(1).min(regions.len());
        let (batch, rest) = regions.split_at(count);
        regions = rest;
        (count > 0).then_some(batch)
    })
}
