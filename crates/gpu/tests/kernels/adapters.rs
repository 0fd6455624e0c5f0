//! The adapters of this machine; without one, tests are skipped.

use std::sync::OnceLock;

use pollster::block_on;
use wgslm_gpu::{Gpu, GpuOptions};
use wgslm_shaders::{Kernel, Variant};
use wgslm_testing::{report, skipped};

/// A device of every adapter, with all its features; without an adapter none, which is reported as a skipped test.
pub(crate) fn adapters() -> &'static [Gpu] {
    static OPENED: OnceLock<Vec<Gpu>> = OnceLock::new();
    let opened = OPENED.get_or_init(|| {
        let opened: Vec<Gpu> = block_on(Gpu::adapters()).iter().map(|adapter| open(adapter.index)).collect();
        let names: Vec<_> = opened.iter().map(|gpu| gpu.adapter().name.as_str()).collect();
        if !names.is_empty() {
            report(&format!("kernels run on: {}", names.join(", ")));
        }
        opened
    });
    if opened.is_empty() {
        skipped("there is no GPU adapter");
    }
    opened
}

/// The options that choose an adapter by index.
pub(crate) fn on(index: usize) -> GpuOptions {
    GpuOptions { device: Some(index.to_string()), ..GpuOptions::default() }
}

fn open(index: usize) -> Gpu {
    block_on(Gpu::request(&on(index))).unwrap_or_else(|error| panic!("adapter {index}: {error}"))
}

/// True if the device has the features that the variant needs.
pub(crate) fn runs(gpu: &Gpu, variant: &Variant) -> bool {
    (!variant.subgroups || gpu.capabilities().subgroups)
        && (variant.kernel != Kernel::MatmulCooperative || gpu.capabilities().cooperative)
}
