//! A GPU that models run on.

use wgslm_gpu::{AdapterDescription, Gpu, GpuOptions, KernelTexts};
use wgslm_shaders::Tile;

use crate::Result;
use crate::model::select::{Kernels, self_check};

/// The device to open, and the way to use it. The default is the most powerful device with all that it supports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceOptions {
    /// The device's index, its name or a part of its name; the most powerful device where absent.
    pub device: Option<String>,
    /// Requests no optional feature and only the limits that every WebGPU device has.
    pub baseline: bool,
    /// The most bytes to bind at once, above which tensors are split; the device's own limit applies where this is absent or
    /// higher.
    pub max_binding: Option<u64>,
    /// Rows of weights are interleaved, and each invocation computes a row; chosen by the kind of device where absent.
    pub interleaved_rows: Option<bool>,
    /// The device repacks weights as it gets them from a file, which the CPU does otherwise; it does where absent.
    pub repacked_rows: Option<bool>,
    /// The tile that a workgroup of `matmul` computes; the default tile where absent.
    pub tile: Option<Tile>,
}

/// An open GPU that has passed the self-check, and the kernels chosen for it. Clones share both.
#[derive(Clone)]
pub struct Device {
    gpu: Gpu,
    kernels: Kernels,
}

impl Device {
    /// All adapters that can be opened.
    pub async fn adapters() -> Vec<AdapterDescription> {
        Gpu::adapters().await
    }

    /// Opens a device and checks its kernels against their references.
    ///
    /// # Errors
    /// As [`Gpu::request`], and [`Error::SelfCheck`](crate::Error::SelfCheck) where it computes wrong values.
    pub async fn open(options: &DeviceOptions) -> Result<Self> {
        Self::open_with(options, KernelTexts::default()).await
    }

    /// Opens a device as [`Self::open`] does, but with other kernel texts, so that tests can run wrong kernels.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[doc(hidden)]
    pub async fn open_with(options: &DeviceOptions, texts: KernelTexts) -> Result<Self> {
        let DeviceOptions { device, baseline, max_binding, .. } = options;
        let wanted = GpuOptions { device: device.clone(), baseline: *baseline, max_binding: *max_binding };
        let gpu = Gpu::request_with(&wanted, texts).await?;
        let kernels = Kernels::new(gpu.capabilities(), options);
        self_check::run(&gpu, &kernels).await?;
        Ok(Self { gpu, kernels })
    }

    /// The same device for a [dry run](Gpu::dry_run).
    pub(crate) fn dry_run(&self) -> Self {
        Self { gpu: self.gpu.dry_run(), kernels: self.kernels.clone() }
    }

    /// The GPU itself.
    #[must_use]
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// The kernels chosen for the GPU.
    #[must_use]
    pub fn kernels(&self) -> &Kernels {
        &self.kernels
    }

    /// The description of the GPU's adapter.
    #[must_use]
    pub fn adapter(&self) -> &AdapterDescription {
        self.gpu.adapter()
    }

    /// The kernel shapes measured on this device so far, as text to keep for [`Self::adopt_tuning`].
    #[must_use]
    pub fn tuning(&self) -> String {
        self.kernels.tuning_text()
    }

    /// Takes over the shapes that [`Self::tuning`] returned on a device with the same [`Self::tuning_key`]. Lines that can't be
    /// read, such as those of another version, are ignored, and their shapes measured again.
    pub fn adopt_tuning(&self, text: &str) {
        self.kernels.adopt_tuning(text);
    }

    /// The adapter, its API, its driver and subgroup support, as a key: shapes measured under the same key hold for this device.
    #[must_use]
    pub fn tuning_key(&self) -> String {
        let adapter = self.adapter();
        let subgroups = if self.kernels.subgroups { "subgroups" } else { "no subgroups" };
        format!("{}, {}, {}, {subgroups}", adapter.name, adapter.backend, adapter.driver)
    }
}
