//! The options for opening a device, and its features and limits.

/// The device to open, and the features and limits to request. The default is the most powerful device with all that it supports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuOptions {
    /// The device's index, its name or a part of its name; the most powerful device where absent.
    pub device: Option<String>,
    /// Requests no optional feature and only the limits that every WebGPU device has.
    pub baseline: bool,
    /// The most bytes to bind at once; the device's own limit applies where this is absent or higher.
    pub max_binding: Option<u64>,
}

/// The features and limits that an open device uses. The default has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Subgroup operations.
    pub subgroups: bool,
    /// Matrix units, which multiply f16 with sums in f32, in subgroups of 32; native devices only.
    pub cooperative: bool,
    /// Timestamp queries.
    pub timestamps: bool,
    /// The device is a software adapter, which computes on the CPU.
    pub software: bool,
    /// The largest storage binding, in bytes.
    pub max_binding: u64,
    /// The largest buffer that the device makes, in bytes.
    pub max_buffer: u64,
}
