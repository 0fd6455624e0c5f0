//! The adapters of this machine, and ways to open them.

use pollster::block_on;
use wgslm::{Device, DeviceOptions};
use wgslm_testing::adapters::Adapters;
use wgslm_testing::exhaustive;

static ADAPTERS: Adapters<Device> = Adapters::new(names, |index| open(&on(index)));

/// Every adapter, opened with all that it has, the fastest first.
pub(crate) fn adapters() -> &'static [Device] {
    ADAPTERS.all()
}

/// The adapters to run what depends little on them: the fastest, or all.
pub(crate) fn some_adapters() -> &'static [Device] {
    let all = adapters();
    if exhaustive() { all } else { &all[..all.len().min(1)] }
}

fn names() -> Vec<String> {
    block_on(Device::adapters()).into_iter().map(|adapter| adapter.name).collect()
}

/// Options that choose the adapter of this index.
pub(crate) fn on(index: usize) -> DeviceOptions {
    DeviceOptions { device: Some(index.to_string()), ..DeviceOptions::default() }
}

/// Options that choose the adapter of this device.
pub(crate) fn as_on(device: &Device) -> DeviceOptions {
    on(device.adapter().index)
}

/// The device of these options, which all who ask for the same share.
pub(crate) fn opened(options: &DeviceOptions) -> Device {
    ADAPTERS.shared(options, open)
}

/// A device that nobody shares.
pub(crate) fn open(options: &DeviceOptions) -> Device {
    block_on(Device::open(options)).unwrap_or_else(|error| panic!("{options:?}: {error}"))
}

/// The device with rows of weights one after the other, or side by side: other kernels read them.
pub(crate) fn laid_out(device: &Device, interleaved_rows: bool) -> Device {
    if device.kernels().interleaved_rows == interleaved_rows {
        return device.clone();
    }
    opened(&DeviceOptions { interleaved_rows: Some(interleaved_rows), ..as_on(device) })
}
