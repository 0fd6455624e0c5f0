//! Parameters of `pool`.

use bytemuck::{Pod, Zeroable};

use super::pool_reference;
use crate::kernel::Kernel;
use crate::launch::{Extent, Launch};
use crate::resources::Resources;
use crate::variant::Variant;

/// Makes a sequence's rows one embedding of length 1.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Pool {
    /// Values of a row.
    pub width: u32,
    /// Groups of 32 that they take.
    pub groups: u32,
    /// Of `x`, in vec4.
    pub stride: u32,
    /// [`Pool::MEAN`], [`Pool::FIRST`] or [`Pool::LAST`].
    pub kind: u32,
}

impl Pool {
    /// The mean of all rows.
    pub const MEAN: u32 = 0;
    /// The first row.
    pub const FIRST: u32 = 1;
    /// The last row.
    pub const LAST: u32 = 2;
}

impl Launch for Pool {
    fn params(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }

    fn grid(&self, _: &Variant, extent: Extent) -> [u32; 3] {
        [1, extent.count, 1]
    }

    fn reference(&self, _: &Variant, count: usize, resources: &mut Resources) {
        pool_reference::pool(self, count, resources);
    }

    fn kernels(&self) -> &'static [Kernel] {
        &[Kernel::Pool]
    }
}
