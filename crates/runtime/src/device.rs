//! A GPU that models run on.

use wgslm_gpu::{AdapterDescription, Gpu, GpuOptions, KernelTexts};
use wgslm_shaders::Tile;

use crate::Result;
use crate::model::select::{Kernels, self_check};

/// The choice of a device, and the way it is used. The default takes the best there is and all that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceOptions {
    /// The name (or a part of it) or the index of the device; the most powerful one where absent.
    pub device: Option<String>,
    /// Asks for no feature and only for the limits that every WebGPU device has.
    pub baseline: bool,
    /// The largest binding to use, in bytes: larger tensors are split. The device's limit where absent or lower.
    pub max_binding: Option<u64>,
    /// Weight rows lie side by side, a row an invocation; chosen by the kind of device where absent.
    pub interleaved_rows: Option<bool>,
    /// The part of a product with many tokens that a workgroup makes.
    pub tile: Option<Tile>,
}

/// An open GPU that has passed the self-check, and the kernels chosen for it. Clones share both.
#[derive(Clone)]
pub struct Device {
    gpu: Gpu,
    kernels: Kernels,
}

impl Device {
    /// The adapters there are.
    pub async fn adapters() -> Vec<AdapterDescription> {
        Gpu::adapters().await
    }

    /// Opens a device and checks that it computes what it should.
    ///
    /// # Errors
    /// As [`Gpu::request`], and [`Error::SelfCheck`](crate::Error::SelfCheck) where it computes wrong values.
    pub async fn open(options: &DeviceOptions) -> Result<Self> {
        Self::open_with(options, KernelTexts::default()).await
    }

    /// As [`Self::open`], with other kernel texts: for testing what a wrong kernel leads to.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[doc(hidden)]
    pub async fn open_with(options: &DeviceOptions, texts: KernelTexts) -> Result<Self> {
        let DeviceOptions { device, baseline, max_binding, interleaved_rows, tile } = options;
        let wanted = GpuOptions { device: device.clone(), baseline: *baseline, max_binding: *max_binding };
        let gpu = Gpu::request_with(&wanted, texts).await?;
        let kernels = Kernels::new(gpu.capabilities(), *interleaved_rows, *tile);
        self_check::run(&gpu, &kernels).await?;
        Ok(Self { gpu, kernels })
    }

    /// The GPU itself.
    #[must_use]
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// The kernels chosen for it.
    #[must_use]
    pub fn kernels(&self) -> &Kernels {
        &self.kernels
    }

    /// The description of its adapter.
    #[must_use]
    pub fn adapter(&self) -> &AdapterDescription {
        self.gpu.adapter()
    }

    /// The shapes measured on this device so far, as text: see [`Self::adopt_tuning`].
    #[must_use]
    pub fn tuning(&self) -> String {
        self.kernels.tuning_text()
    }

    /// Takes the shapes that [`Self::tuning`] gave on a device of the same [`Self::tuning_key`]. Lines that can't be read, as those
    /// of another version may be, are left out: what they were about is measured again.
    pub fn adopt_tuning(&self, text: &str) {
        self.kernels.adopt_tuning(text);
    }

    /// The device and the way it is reached: shapes measured elsewhere hold here where this is the same.
    #[must_use]
    pub fn tuning_key(&self) -> String {
        let adapter = self.adapter();
        let subgroups = if self.kernels.subgroups { "subgroups" } else { "no subgroups" };
        format!("{}, {}, {}, {subgroups}", adapter.name, adapter.backend, adapter.driver)
    }
}
