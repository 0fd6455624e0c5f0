//! Devices that all tests of a program share, since compiling takes most of the time and a device keeps its compiled pipelines.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::{report, skipped};

/// The adapters of this machine, with the devices that the tests of a program share.
pub struct Adapters<D> {
    names: fn() -> Vec<String>,
    open: fn(usize) -> D,
    opened: OnceLock<Vec<D>>,
    others: Mutex<BTreeMap<String, D>>,
}

impl<D: Clone> Adapters<D> {
    /// Creates the list; `names` returns the adapters' names, and `open` opens one by index with all its features.
    pub const fn new(names: fn() -> Vec<String>, open: fn(usize) -> D) -> Self {
        Self { names, open, opened: OnceLock::new(), others: Mutex::new(BTreeMap::new()) }
    }

    /// A device of every adapter, the fastest first; without a driver none, which is reported as a skipped test.
    pub fn all(&self) -> &[D] {
        let opened = self.opened.get_or_init(|| {
            let mut found: Vec<_> = (self.names)().into_iter().enumerate().collect();
            // SwiftShader last, since its compiler is slow.
            found.sort_by_key(|(_, name)| name.contains("SwiftShader"));
            if !found.is_empty() {
                let names: Vec<_> = found.iter().map(|(_, name)| name.as_str()).collect();
                report(&format!("tests run on: {}", names.join(", ")));
            }
            found.iter().map(|(index, _)| (self.open)(*index)).collect()
        });
        if opened.is_empty() {
            skipped("there is no GPU adapter; `cargo xtask setup` installs one");
        }
        opened
    }

    /// The device that `open` returns, shared by all tests that use the same options.
    pub fn shared<O: Debug>(&self, options: &O, open: impl FnOnce(&O) -> D) -> D {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.entry(format!("{options:?}")).or_insert_with(|| open(options)).clone()
    }
}
