//! The adapters of this machine.

use pollster::block_on;
use wgslm_gpu::{Gpu, GpuOptions};
use wgslm_shaders::Variant;
use wgslm_testing::adapters::Adapters;

static ADAPTERS: Adapters<Gpu> = Adapters::new(names, open);

/// A device of every adapter, with all its features, the fastest first.
pub(crate) fn adapters() -> &'static [Gpu] {
    ADAPTERS.all()
}

/// The options that choose an adapter by index.
pub(crate) fn on(index: usize) -> GpuOptions {
    GpuOptions { device: Some(index.to_string()), ..GpuOptions::default() }
}

fn names() -> Vec<String> {
    block_on(Gpu::adapters()).into_iter().map(|adapter| adapter.name).collect()
}

fn open(index: usize) -> Gpu {
    block_on(Gpu::request(&on(index))).unwrap_or_else(|error| panic!("adapter {index}: {error}"))
}

/// True if the device has the features that the variant needs.
pub(crate) fn runs(gpu: &Gpu, variant: &Variant) -> bool {
    (!variant.subgroups() || gpu.capabilities().subgroups)
        && (!variant.matrix_units() || gpu.capabilities().cooperative)
}
