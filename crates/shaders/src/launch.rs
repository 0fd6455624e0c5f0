//! The start of a kernel: its parameters, its grid, and the reference that tells what should come of it.

use bytemuck::Pod;

use crate::kernel::Kernel;
use crate::resources::Resources;
use crate::variant::{OfFamily, Variant};

/// The most workgroups that every device takes in one dimension.
pub(crate) const MAX_GRID: u32 = 65_535;

/// The amount of work of a start of a kernel.
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

    /// The kernels these are the parameters of: one, or several of a family.
    fn kernels(&self) -> &'static [Kernel];
}

/// A kernel's parameters with the variants of their own family, which makes them a [`Launch`].
pub trait FamilyLaunch: Pod + Send + Sync {
    /// The variants of the family.
    type Variant: OfFamily;

    /// The kernels these are the parameters of.
    const KERNELS: &'static [Kernel];

    /// Workgroups, as [`Launch::grid`] has them.
    fn grid(&self, variant: &Self::Variant, extent: Extent) -> [u32; 3];

    /// The reference, as [`Launch::reference`] has it.
    fn reference(&self, variant: &Self::Variant, count: usize, resources: &mut Resources);
}

impl<T: FamilyLaunch> Launch for T {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, variant: &Variant, extent: Extent) -> [u32; 3] {
        of_family::<T>(variant).map_or([0; 3], |variant| FamilyLaunch::grid(self, variant, extent))
    }

    fn reference(&self, variant: &Variant, count: usize, resources: &mut Resources) {
        if let Some(variant) = of_family::<T>(variant) {
            FamilyLaunch::reference(self, variant, count, resources);
        }
    }

    fn kernels(&self) -> &'static [Kernel] {
        T::KERNELS
    }
}

/// The variant as one of a kernel that takes these parameters.
fn of_family<T: FamilyLaunch>(variant: &Variant) -> Option<&T::Variant> {
    debug_assert!(T::KERNELS.contains(&variant.kernel()), "{} has other parameters", variant.name());
    T::Variant::of(variant)
}
