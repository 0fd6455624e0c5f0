//! Parameters of `route`.

use bytemuck::{Pod, Zeroable};

use super::{ExpertsVariant, route_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// Chooses the experts of each row, and what they weigh.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Route {
    /// Experts there are, at most [`Route::MAX_EXPERTS`].
    pub experts: u32,
    /// Experts that a row goes to, at most [`Route::MAX_USED`].
    pub used: u32,
    /// The stride of `logits`, in f32.
    pub stride: u32,
}

impl Route {
    /// The most experts that it chooses among.
    pub const MAX_EXPERTS: u32 = 512;
    /// The most experts that it chooses.
    pub const MAX_USED: u32 = 32;
}

impl FamilyLaunch for Route {
    type Variant = ExpertsVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::Route];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        [1, extent.count, 1]
    }

    fn reference(&self, _: &Self::Variant, count: usize, resources: &mut Resources) {
        route_reference::route(self, count, resources);
    }
}
