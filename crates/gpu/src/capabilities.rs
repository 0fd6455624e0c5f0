//! The options for opening a device, and its features and limits.

/// The choice of a device, and how much of it to ask for. The default takes the best there is and all that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuOptions {
    /// The name (or a part of it) or the index of the device; the most powerful one where absent.
    pub device: Option<String>,
    /// Asks for no feature and only for the limits that every WebGPU device has.
    pub baseline: bool,
    /// The largest binding to use, in bytes. The device's limit where absent or lower.
    pub max_binding: Option<u64>,
}

/// The features and limits of a device that are in use. The default is a device that can do nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Subgroup operations.
    pub subgroups: bool,
    /// Matrix units, on f16 with sums in f32, by subgroups of 32: natively only.
    pub cooperative: bool,
    /// Timestamps taken on the device.
    pub timestamps: bool,
    /// The device is a program on the CPU.
    pub software: bool,
    /// The largest storage binding, in bytes.
    pub max_binding: u64,
    /// The largest buffer that the device makes, in bytes.
    pub max_buffer: u64,
}
