//! The error type of this crate: every way in which a device can fail, each with a stable code.

/// A failure of a device. Every message says what happened, where, and what the user can do next.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No adapter was found.
    #[error(
        "no GPU was found; install a Vulkan driver (on Debian: apt-get install mesa-vulkan-drivers), or use a browser with WebGPU"
    )]
    NoAdapter,
    /// No adapter matches the device asked for.
    #[error("there is no device {wanted}; choose one of these: {found}")]
    UnknownDevice {
        /// The name or index asked for.
        wanted: String,
        /// The names of the adapters found.
        found: String,
    },
    /// The device can't be opened.
    #[error("{device} could not be opened ({reason}); update its driver or the browser, or choose another device")]
    DeviceRequest {
        /// The device's name.
        device: String,
        /// The reason that the device gave.
        reason: String,
    },
    /// The device has no timestamp queries.
    #[error(
        "{device} has no timestamps here, so its kernels can't be timed one by one; choose another device, or don't limit this one's capabilities"
    )]
    NoTimestamps {
        /// The device's name.
        device: String,
    },
    /// A buffer is larger than the device's largest binding.
    #[error(
        "{what} takes {bytes} bytes, and this device can bind at most {limit} at once; choose a smaller context or a smaller model"
    )]
    TooLarge {
        /// The buffer's label.
        what: String,
        /// The buffer's size in bytes.
        bytes: u64,
        /// The device's largest binding, in bytes.
        limit: u64,
    },
    /// The device has no memory left.
    #[error(
        "the GPU is out of memory with {bytes} bytes in use here; close other programs that use it, or choose a smaller context or a smaller model"
    )]
    OutOfMemory {
        /// The bytes of all buffers at that time, the one that there was no memory for included.
        bytes: u64,
    },
    /// The device was lost.
    #[error("the GPU was lost ({reason}); load the model again")]
    DeviceLost {
        /// The reason that the device gave.
        reason: String,
    },
    /// Any other error that the device reports.
    #[error("the GPU reported an error: {reason}")]
    Gpu {
        /// The device's report.
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
            Self::OutOfMemory { .. } => "out-of-memory",
            Self::DeviceLost { .. } => "device-lost",
            Self::Gpu { .. } => "gpu",
        }
    }
}

/// The result of a call of this crate.
pub type Result<T> = std::result::Result<T, Error>;
