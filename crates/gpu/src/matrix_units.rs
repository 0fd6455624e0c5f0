//! The features and limits that `matmul_cooperative` needs: products of 16 by 16 f16 values with f32 sums, in subgroups of 32.

use wgslm_shaders::CooperativeTile;

/// Invocations in a subgroup, as the kernel assumes.
const SUBGROUP_SIZE: u32 = 32;

/// Adds the kernel's needs to `features` and `limits` and returns true, where `adapter` meets all of them.
pub(crate) fn ask_for(adapter: &wgpu::Adapter, features: &mut wgpu::Features, limits: &mut wgpu::Limits) -> bool {
    let needed = wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX | wgpu::Features::SHADER_F16;
    let (info, available) = (adapter.get_info(), adapter.limits());
    let has = adapter.features().contains(needed)
        && (info.subgroup_min_size, info.subgroup_max_size) == (SUBGROUP_SIZE, SUBGROUP_SIZE)
        && available.max_compute_workgroup_storage_size >= CooperativeTile::MAX_WORKGROUP_MEMORY
        && adapter.cooperative_matrix_properties().iter().any(multiplies);
    if has {
        *features |= needed;
        limits.max_compute_workgroup_storage_size =
            limits.max_compute_workgroup_storage_size.max(CooperativeTile::MAX_WORKGROUP_MEMORY);
    }
    has
}

fn multiplies(shape: &wgpu::CooperativeMatrixProperties) -> bool {
    (shape.m_size, shape.n_size, shape.k_size) == (16, 16, 16)
        && shape.ab_type == wgpu::CooperativeScalarType::F16
        && shape.cr_type == wgpu::CooperativeScalarType::F32
}

/// The consent to wgpu's experimental features, where `wanted`.
pub(crate) fn consent(wanted: bool) -> wgpu::ExperimentalFeatures {
    if wanted {
        // SAFETY: wgpu warns of undefined behaviour where its support for matrix units is wrong or a shader misuses them. The one
        // kernel that uses them does so in uniform control flow and within its own workgroup memory, and it is checked against a
        // reference when the device is opened.
        #[allow(unsafe_code)]
        unsafe {
            wgpu::ExperimentalFeatures::enabled()
        }
    } else {
        wgpu::ExperimentalFeatures::disabled()
    }
}
