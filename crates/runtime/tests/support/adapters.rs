//! The adapters of this machine, opened once for all tests of a program: compiling takes most of their time, and a device keeps what
//! it has compiled.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use pollster::block_on;
use wgslm::gpu::{Gpu, GpuOptions};

use crate::support::{report, skipped};

/// Every adapter, opened with all that it has; none, with a line that says so, on a machine without a driver.
pub(crate) fn adapters() -> &'static [Gpu] {
    static ADAPTERS: OnceLock<Vec<Gpu>> = OnceLock::new();
    let adapters = ADAPTERS.get_or_init(|| {
        let found: Vec<Gpu> = block_on(Gpu::adapters()).iter().map(|adapter| opened(&on(adapter.index))).collect();
        let names: Vec<_> = found.iter().map(|gpu| gpu.adapter().name.as_str()).collect();
        if !names.is_empty() {
            report(&format!("tests run on: {}", names.join(", ")));
        }
        found
    });
    if adapters.is_empty() {
        skipped("there is no GPU adapter; `cargo xtask setup` installs one");
    }
    adapters
}

/// The adapter for what one can show: any but SwiftShader, whose compiler is slow.
pub(crate) fn fastest() -> Option<&'static Gpu> {
    adapters().iter().min_by_key(|gpu| gpu.adapter().name.contains("SwiftShader"))
}

/// Options that choose the adapter of this index.
pub(crate) fn on(index: usize) -> GpuOptions {
    GpuOptions { device: Some(index.to_string()), ..GpuOptions::default() }
}

/// The device of these options, which all who ask for the same share.
pub(crate) fn opened(options: &GpuOptions) -> Gpu {
    static OPENED: Mutex<BTreeMap<String, Gpu>> = Mutex::new(BTreeMap::new());
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    opened.entry(format!("{options:?}")).or_insert_with(|| open(options)).clone()
}

/// A device that nobody shares.
pub(crate) fn open(options: &GpuOptions) -> Gpu {
    block_on(Gpu::request(options)).unwrap_or_else(|error| panic!("{options:?}: {error}"))
}
