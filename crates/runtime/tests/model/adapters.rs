//! The adapters of this machine, and helpers that open devices on them.

use pollster::block_on;
use wgslm::{Device, DeviceOptions};
use wgslm_testing::adapters::Adapters;
use wgslm_testing::exhaustive;

static ADAPTERS: Adapters<Device> = Adapters::new(names, |index| open(&on(index)));

/// A device of every adapter, with all its features, the fastest first.
pub(crate) fn adapters() -> &'static [Device] {
    ADAPTERS.all()
}

/// The adapters for tests that depend little on the adapter: the fastest one, or all if tests are [`exhaustive`].
pub(crate) fn some_adapters() -> &'static [Device] {
    let all = adapters();
    if exhaustive() { all } else { &all[..all.len().min(1)] }
}

fn names() -> Vec<String> {
    block_on(Device::adapters()).into_iter().map(|adapter| adapter.name).collect()
}

/// The options that choose an adapter by index.
pub(crate) fn on(index: usize) -> DeviceOptions {
    DeviceOptions { device: Some(index.to_string()), ..DeviceOptions::default() }
}

/// The options that choose this device's adapter.
pub(crate) fn as_on(device: &Device) -> DeviceOptions {
    on(device.adapter().index)
}

/// A device with these options, shared by all tests that use the same ones.
pub(crate) fn opened(options: &DeviceOptions) -> Device {
    ADAPTERS.shared(options, open)
}

/// A new device, which no other test shares.
pub(crate) fn open(options: &DeviceOptions) -> Device {
    block_on(Device::open(options)).unwrap_or_else(|error| panic!("{options:?}: {error}"))
}

/// A device on the same adapter with interleaved or contiguous rows of weights, which have kernels of their own.
pub(crate) fn laid_out(device: &Device, interleaved_rows: bool) -> Device {
    if device.kernels().interleaved_rows == interleaved_rows {
        return device.clone();
    }
    opened(&DeviceOptions { interleaved_rows: Some(interleaved_rows), ..as_on(device) })
}
