//! What a kernel needs to be started: its parameters, its grid, and the reference that tells what should come of it.

use crate::kernel::Kernel;
use crate::resources::Resources;
use crate::variant::Variant;

/// The most workgroups that every device takes in one dimension.
pub(crate) const MAX_GRID: u32 = 65_535;

/// How much a start of a kernel has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Rows: tokens or outputs.
    pub count: u32,
    /// Tokens of the longest context among the rows, their own included.
    pub context: u32,
}

/// A kernel's parameters. They don't change from step to step; the number of rows comes with each start.
pub trait Launch: Send + Sync {
    /// The bytes of the WGSL struct `Params`.
    fn params(&self) -> &[u8];

    /// Workgroups in this variant of the kernel; where one dimension is 0, there is nothing to do.
    fn grid(&self, variant: &Variant, extent: Extent) -> [u32; 3];

    /// Does on the CPU, plainly, what the kernel does with the same resources.
    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources);

    /// The kernels these are the parameters of: one, but for `linear`.
    fn kernels(&self) -> &'static [Kernel];
}
