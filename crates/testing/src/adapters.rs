//! Adapters and the devices on them, opened once for all tests of a program: compiling takes most of their time, and a device keeps what
//! it has compiled.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::{report, skipped};

/// The adapters of this machine, and the devices that the tests of a program share.
pub struct Adapters<D> {
    names: fn() -> Vec<String>,
    open: fn(usize) -> D,
    opened: OnceLock<Vec<D>>,
    others: Mutex<BTreeMap<String, D>>,
}

impl<D: Clone> Adapters<D> {
    /// Adapters that are named by `names`, and opened by `open` with all that they have.
    pub const fn new(names: fn() -> Vec<String>, open: fn(usize) -> D) -> Self {
        Self { names, open, opened: OnceLock::new(), others: Mutex::new(BTreeMap::new()) }
    }

    /// Every adapter, the fastest first; none, with a line that says so, on a machine without a driver.
    pub fn all(&self) -> &[D] {
        let opened = self.opened.get_or_init(|| {
            let mut found: Vec<_> = (self.names)().into_iter().enumerate().collect();
            // Its compiler is slow.
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

    /// The device that `open` gives, which all who ask with the same options share.
    pub fn shared<O: Debug>(&self, options: &O, open: impl FnOnce(&O) -> D) -> D {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.entry(format!("{options:?}")).or_insert_with(|| open(options)).clone()
    }
}
