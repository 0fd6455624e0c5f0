//! Reading a snapshot.

use std::fmt;
use std::mem;
use std::vec::IntoIter;

use wgslm_gpu::Region;
use xxhash_rust::xxh3::Xxh3;

use super::super::super::{Engine, check_vocabulary};
use super::super::Session;
use super::super::history::History;
use super::{Header, Slot};
use crate::{Error, Result};

/// Bytes written to the device between two waits for it.
const BYTES_AHEAD: u64 = 16 << 20;
/// The most tokens read at a time.
const TOKENS: usize = 1024;

/// A session on its way back from a snapshot, pushed in pieces of any size. Blocks are written to the device as they arrive, and used once
/// the checksum at the end has shown that all is as it was.
///
/// Where there is no room for the blocks, or no slot free, the session comes back without them, and its next request reads its tokens again.
/// A checksum finds damage, not intent: what a snapshot says of its tokens is believed, also for other requests that begin alike.
pub struct Restore {
    engine: Engine,
    next: Next,
    /// The part of the next item that has arrived.
    arrived: Vec<u8>,
    header: Header,
    tokens: Vec<u32>,
    /// The place of the blocks on the device; `None` where they are only checked.
    slot: Option<Slot>,
    sum: Xxh3,
    /// Bytes written since the device was last waited for.
    ahead: u64,
}

/// The item that comes next.
enum Next {
    Header,
    Tokens,
    Contents {
        regions: IntoIter<Region>,
    },
    Sum,
    /// Nothing: the snapshot is whole.
    End,
    /// Nothing that could help: something was wrong.
    Failed,
}

impl Engine {
    /// Begins to restore a session from the bytes of [`Session::snapshot`], of this engine or another one of the same model and settings.
    #[must_use]
    pub fn restore(&self) -> Restore {
        Restore {
            engine: self.clone(),
            next: Next::Header,
            arrived: Vec::new(),
            header: Header::default(),
            tokens: Vec::new(),
            slot: None,
            sum: Xxh3::new(),
            ahead: 0,
        }
    }
}

impl Restore {
    /// Takes the next bytes, and waits until the device has room for more.
    ///
    /// # Errors
    /// [`Error::SnapshotMismatch`], [`Error::SnapshotDamaged`], [`Error::SnapshotVersion`], or what the device reports. Nothing can be
    /// restored after that.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let wanted = self.wanted() - self.arrived.len();
            if self.wanted() == 0 {
                return self.fail(damaged("more follows its end"));
            }
            let (some, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            self.arrived.extend_from_slice(some);
            if some.len() == wanted {
                let item = mem::take(&mut self.arrived);
                if let Err(error) = self.take(&item) {
                    return self.fail(error);
                }
                // The allocation serves the next item.
                self.arrived = item;
                self.arrived.clear();
            }
            if self.ahead >= BYTES_AHEAD {
                self.ahead = 0;
                self.engine.inner.device.gpu().finished().await?;
            }
        }
        Ok(())
    }

    /// The session, once the last byte has been pushed.
    ///
    /// # Errors
    /// [`Error::SnapshotDamaged`] where bytes are missing.
    pub fn finish(self) -> Result<Session> {
        if !matches!(self.next, Next::End) {
            return Err(damaged("it ends early"));
        }
        self.engine.inner.device.gpu().check()?;
        if let Some(slot) = self.slot {
            slot.remember(&self.tokens);
        }
        let history = History::new(&self.engine.inner, self.tokens);
        Ok(Session { engine: self.engine, history })
    }

    /// Bytes of the next item.
    fn wanted(&self) -> usize {
        match &self.next {
            Next::Header => Header::BYTES,
            Next::Tokens => (self.header.tokens as usize - self.tokens.len()).min(TOKENS) * 4,
            Next::Contents { regions } => regions.as_slice().first().map_or(0, |region| region.size as usize),
            Next::Sum => size_of::<u64>(),
            Next::End | Next::Failed => 0,
        }
    }

    fn take(&mut self, item: &[u8]) -> Result<()> {
        match &mut self.next {
            Next::Header => {
                self.header = Header::from_bytes(item)?;
                self.header.check(&self.engine.inner)?;
                if self.header.cached > self.engine.model().spec.context_length {
                    return Err(damaged("it has more in its cache than the model can have"));
                }
                self.next = Next::Tokens;
            }
            Next::Tokens => {
                self.sum.update(item);
                let first = self.tokens.len();
                self.tokens.extend(bytemuck::pod_collect_to_vec::<u8, u32>(item));
                check_vocabulary(&self.engine.inner, &self.tokens[first..])
                    .map_err(|_| damaged("it has a token that isn't in the vocabulary"))?;
            }
            Next::Contents { regions } => {
                self.sum.update(item);
                let region = regions.next();
                if let (Some(Region { buffer, offset, .. }), Some(_)) = (region, &self.slot) {
                    self.engine.inner.device.gpu().write(&buffer, offset, item);
                    self.ahead += item.len() as u64;
                }
            }
            Next::Sum if item != self.sum.digest().to_le_bytes() => {
                return Err(damaged("its contents aren't as they were written"));
            }
            Next::Sum => self.next = Next::End,
            Next::End | Next::Failed => {}
        }
        self.skip_empty();
        Ok(())
    }

    /// Goes on to the next item that has any bytes.
    fn skip_empty(&mut self) {
        if matches!(self.next, Next::Tokens) && self.wanted() == 0 {
            let regions = self.regions();
            self.next = Next::Contents { regions: regions.into_iter() };
        }
        if matches!(self.next, Next::Contents { .. }) && self.wanted() == 0 {
            self.next = Next::Sum;
        }
    }

    /// The regions of the contents to come: in a slot of their own if there is room for one, else only as many.
    fn regions(&mut self) -> Vec<Region> {
        let (engine, cached) = (&self.engine.inner, self.header.cached);
        if cached == 0 {
            return Vec::new();
        }
        self.slot = Slot::empty(engine, cached);
        if let Some(slot) = &self.slot {
            return slot.regions();
        }
        let blocks = engine.lock().memory.content_blocks(cached);
        let blocks = std::iter::repeat_n(0, blocks).flat_map(|block| engine.kv.block(block));
        blocks.chain(engine.states.state(0)).collect()
    }

    /// Gives back what was taken.
    fn fail(&mut self, error: Error) -> Result<()> {
        self.next = Next::Failed;
        self.slot = None;
        Err(error)
    }
}

fn damaged(reason: &'static str) -> Error {
    Error::SnapshotDamaged { reason }
}

impl fmt::Debug for Restore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Restore").field("tokens", &self.tokens.len()).finish_non_exhaustive()
    }
}
