//! Parameters of `pool`.

use bytemuck::{Pod, Zeroable};

use super::{EmbedVariant, pool_reference};
use crate::kernel::Kernel;
use crate::launch::{Extent, FamilyLaunch};
use crate::resources::Resources;

/// Makes a sequence's rows one: an embedding of length 1, or the input of a matrix.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Pool {
    /// Values of a row.
    pub width: u32,
    /// Groups of 32 that they take.
    pub groups: u32,
    /// The stride of `x`, in vec4.
    pub stride: u32,
    /// [`Pool::MEAN`], [`Pool::FIRST`] or [`Pool::LAST`].
    pub kind: u32,
    /// 1 for rows as they are, in planes for a matrix; 0 for rows of length 1, value by value.
    pub plain: u32,
}

impl Pool {
    /// The mean of all rows.
    pub const MEAN: u32 = 0;
    /// The first row.
    pub const FIRST: u32 = 1;
    /// The last row.
    pub const LAST: u32 = 2;
}

impl FamilyLaunch for Pool {
    type Variant = EmbedVariant;

    const KERNELS: &'static [Kernel] = &[Kernel::Pool];

    fn grid(&self, _: &Self::Variant, extent: Extent) -> [u32; 3] {
        [1, extent.count, 1]
    }

    fn reference(&self, _: &Self::Variant, count: usize, resources: &mut Resources) {
        pool_reference::pool(self, count, resources);
    }
}
