//! The header of a snapshot.

use wgslm_shaders::BLOCK_TOKENS;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::super::super::Inner;
use crate::{Error, Result};

/// The bytes that a snapshot begins with.
const MAGIC: [u8; 8] = *b"wgslm-kv";
/// The version of the format.
const VERSION: u32 = 1;

/// The header of a snapshot: its numbers of tokens, and what it was made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The session's tokens.
    pub(super) tokens: u32,
    /// The tokens, from the first on, whose keys, values and state follow.
    pub(super) cached: u32,
    /// The model's fingerprint.
    pub(super) model: u128,
    /// A hash of all that decides the layout and the rounding of keys, values and states.
    pub(super) settings: u64,
}

impl Header {
    /// Bytes of a header: magic, version, tokens, cached, model, settings, and XXH3 of all these.
    pub(super) const BYTES: usize = MAGIC.len() + 4 + 4 + 4 + 16 + 8 + 8;

    /// The header of a snapshot made by this engine.
    pub(super) fn new(inner: &Inner, tokens: u32, cached: u32) -> Self {
        Self { tokens, cached, model: inner.fingerprint, settings: settings(inner) }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.tokens.to_le_bytes());
        bytes.extend(self.cached.to_le_bytes());
        bytes.extend(self.model.to_le_bytes());
        bytes.extend(self.settings.to_le_bytes());
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    /// Reads a header of [`Self::BYTES`] bytes.
    ///
    /// # Errors
    /// [`Error::SnapshotDamaged`] or [`Error::SnapshotVersion`].
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = |reason| Error::SnapshotDamaged { reason };
        let rest = bytes.strip_prefix(&MAGIC).ok_or(damaged("it doesn't begin as one"))?;
        let (version, rest) = split(rest).ok_or(damaged(SHORT))?;
        let version = u32::from_le_bytes(version);
        // Before the checksum: later versions may have it somewhere else.
        if version > VERSION {
            return Err(Error::SnapshotVersion { found: version, supported: VERSION });
        }
        let (summed, sum) = bytes.split_at(bytes.len().saturating_sub(8));
        if version != VERSION || xxh3_64(summed).to_le_bytes() != sum {
            return Err(damaged("its header isn't as it was written"));
        }
        let fields = || {
            let (tokens, rest) = split(rest)?;
            let (cached, rest) = split(rest)?;
            let (model, rest) = split(rest)?;
            let (settings, _) = split(rest)?;
            Some(Self {
                tokens: u32::from_le_bytes(tokens),
                cached: u32::from_le_bytes(cached),
                model: u128::from_le_bytes(model),
                settings: u64::from_le_bytes(settings),
            })
        };
        let header = fields().ok_or(damaged(SHORT))?;
        if header.cached > header.tokens {
            return Err(damaged("it has more in its cache than tokens"));
        }
        Ok(header)
    }

    /// Refuses a snapshot whose contents would mean something else here.
    ///
    /// # Errors
    /// [`Error::SnapshotMismatch`].
    pub(super) fn check(&self, inner: &Inner) -> Result<()> {
        let here = Self::new(inner, self.tokens, self.cached);
        let mismatch = |what| Err(Error::SnapshotMismatch { what });
        if self.model != here.model {
            return mismatch("another model");
        }
        if self.settings != here.settings {
            return mismatch(
                "other settings of the KV cache or of activations, or on a device that needs another layout",
            );
        }
        Ok(())
    }
}

const SHORT: &str = "it ends early";

fn split<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
    let (field, rest) = bytes.split_at_checked(N)?;
    Some((field.try_into().ok()?, rest))
}

/// A hash of the layout of keys, values and states, and of the rounding of what they are computed from.
fn settings(inner: &Inner) -> u64 {
    let mut hash = Xxh3::new();
    let layout = &inner.kv.layout;
    let mut add = |number: u64| hash.update(&number.to_le_bytes());
    add(u64::from(BLOCK_TOKENS));
    add(inner.kv.format as u64);
    add(inner.wanted as u64);
    add(layout.windows.len() as u64);
    layout.windows.iter().for_each(|window| add(u64::from(*window)));
    add(layout.buffers.len() as u64);
    layout.buffers.iter().for_each(|bytes| add(*bytes));
    for place in (0..layout.layers()).map(|layer| layout.place(layer)) {
        let place = place.map(|(buffer, addressing)| (buffer as u64, u64::from(addressing.table_offset)));
        let (buffer, group) = place.unwrap_or((u64::MAX, u64::MAX));
        add(buffer);
        add(group);
    }
    inner.states.sizes().iter().for_each(|bytes| add(*bytes));
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_any_other_byte_is_refused() {
        let header = Header { tokens: 20, cached: 16, model: 1 << 100, settings: 77 };
        let bytes = header.to_bytes();
        assert_eq!(bytes.len(), Header::BYTES);
        assert_eq!(Header::from_bytes(&bytes).ok(), Some(header.clone()));
        for place in 0..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[place] ^= change;
                let code = Header::from_bytes(&damaged).map_err(|error| error.code());
                assert!(matches!(code, Err("snapshot-damaged" | "snapshot-version")), "byte {place}: {code:?}");
            }
            assert!(Header::from_bytes(&bytes[..place]).is_err(), "{place} bytes");
        }
        let more = Header { cached: 21, ..header };
        assert!(Header::from_bytes(&more.to_bytes()).is_err());
    }
}
