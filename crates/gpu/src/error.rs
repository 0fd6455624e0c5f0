//! The error type of this crate: every way in which a device can fail, with a stable code.

/// Every message says what happened, where, and what the user can do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No adapter.
    #[error(
        "no GPU was found; install a Vulkan driver (on Debian: apt-get install mesa-vulkan-drivers), or use a browser with WebGPU"
    )]
    NoAdapter,
    /// A device that isn't there.
    #[error("there is no device {wanted}; found: {found}")]
    UnknownDevice {
        /// The name or index asked for.
        wanted: String,
        /// The names there are.
        found: String,
    },
    /// A device that can't be opened.
    #[error("{device} could not be opened: {reason}")]
    DeviceRequest {
        /// The device's name.
        device: String,
        /// What it answered.
        reason: String,
    },
    /// A device that takes no times.
    #[error(
        "{device} has no timestamps here, so its kernels can't be timed one by one; choose another device, or ask for all capabilities"
    )]
    NoTimestamps {
        /// The device's name.
        device: String,
    },
    /// More than one binding can hold.
    #[error(
        "{what} takes {bytes} bytes, and this device binds at most {limit}; choose a smaller context or a smaller model"
    )]
    TooLarge {
        /// What it is.
        what: String,
        /// Its size.
        bytes: u64,
        /// The device's limit.
        limit: u64,
    },
    /// The device has no memory left.
    #[error(
        "the GPU is out of memory; close other programs that use it, or choose a smaller context or a smaller model"
    )]
    OutOfMemory,
    /// The device is gone.
    #[error("the GPU was lost ({reason}); load the model again")]
    DeviceLost {
        /// What the device says.
        reason: String,
    },
    /// Anything else that the device reports.
    #[error("the GPU reported an error: {reason}")]
    Gpu {
        /// What it reports.
        reason: String,
    },
}

impl Error {
    /// A stable machine-readable code, the same in Rust, on the command line and in JavaScript.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAdapter => "no-adapter",
            Self::UnknownDevice { .. } => "unknown-device",
            Self::DeviceRequest { .. } => "device-request",
            Self::NoTimestamps { .. } => "no-timestamps",
            Self::TooLarge { .. } => "too-large",
            Self::OutOfMemory => "out-of-memory",
            Self::DeviceLost { .. } => "device-lost",
            Self::Gpu { .. } => "gpu",
        }
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
