//! The adapters of this machine, and the choice of one.

use crate::{Error, Result};

/// An adapter's name, driver, features and limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterDescription {
    /// The adapter's index among those found, by which it can be chosen.
    pub index: usize,
    /// The adapter's name.
    pub name: String,
    /// The GPU's vendor, such as `nvidia`, as a browser reports it; empty elsewhere.
    pub vendor: String,
    /// The GPU's architecture, such as `ampere`, as a browser reports it; empty elsewhere.
    pub architecture: String,
    /// The graphics API that reaches the adapter, such as Vulkan or Metal.
    pub backend: String,
    /// The driver's name and version; empty where the API doesn't report them.
    pub driver: String,
    /// True for a software adapter, which computes on the CPU.
    pub software: bool,
    /// The features for kernels and timing that the adapter supports.
    pub features: Vec<&'static str>,
    /// The adapter's largest storage binding, in bytes.
    pub max_binding: u64,
}

pub(crate) fn instance() -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        // OpenGL claims compute shaders that it computes wrongly on some stacks.
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

/// All adapters, the most powerful kind first; in a browser, the one that it offers for high performance.
pub(crate) async fn enumerate(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    if cfg!(target_arch = "wasm32") {
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        instance.request_adapter(&options).await.into_iter().collect()
    } else {
        let mut adapters = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;
        adapters.sort_by_key(|adapter| match adapter.get_info().device_type {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::IntegratedGpu => 1,
            wgpu::DeviceType::VirtualGpu | wgpu::DeviceType::Other => 2,
            wgpu::DeviceType::Cpu => 3,
        });
        adapters
    }
}

/// The description of the adapter found at `index`.
pub(crate) fn describe(index: usize, adapter: &wgpu::Adapter) -> AdapterDescription {
    let info = adapter.get_info();
    let features = adapter.features();
    let named = [
        (wgpu::Features::SHADER_F16, "shader-f16"),
        (wgpu::Features::SUBGROUP, "subgroups"),
        (wgpu::Features::TIMESTAMP_QUERY, "timestamp-query"),
        (wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX, "cooperative-matrix"),
    ];
    let software = info.device_type == wgpu::DeviceType::Cpu || is_software(&info.name);
    AdapterDescription {
        index,
        name: if info.name.is_empty() { "unnamed adapter".to_owned() } else { info.name },
        vendor: String::new(),
        architecture: String::new(),
        backend: info.backend.to_string(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        software,
        features: named.into_iter().filter(|(bit, _)| features.contains(*bit)).map(|(_, name)| name).collect(),
        max_binding: adapter.limits().max_storage_buffer_binding_size,
    }
}

/// True for the name of a software adapter: a browser that was told to use one doesn't mark it as a fallback.
pub(crate) fn is_software(name: &str) -> bool {
    name.to_lowercase().contains("swiftshader")
}

/// The index of the adapter whose index or part of whose name is `wanted`; the first adapter where `wanted` is absent.
pub(crate) fn choose(adapters: &[AdapterDescription], wanted: Option<&str>) -> Result<usize> {
    if adapters.is_empty() {
        return Err(Error::NoAdapter);
    }
    let Some(wanted) = wanted else {
        return Ok(0);
    };
    let by_index = wanted.parse::<usize>().ok().filter(|index| *index < adapters.len());
    let by_name = || adapters.iter().position(|adapter| adapter.name.to_lowercase().contains(&wanted.to_lowercase()));
    by_index.or_else(by_name).ok_or_else(|| Error::UnknownDevice {
        wanted: wanted.to_owned(),
        found: adapters.iter().map(|adapter| adapter.name.as_str()).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapter_is_chosen_by_index_or_part_of_its_name() {
        let adapter = |index: usize, name: &str| AdapterDescription {
            index,
            name: name.to_owned(),
            vendor: String::new(),
            architecture: String::new(),
            backend: "vulkan".to_owned(),
            driver: String::new(),
            software: false,
            features: Vec::new(),
            max_binding: 1 << 27,
        };
        let adapters = [adapter(0, "NVIDIA H200"), adapter(1, "llvmpipe (LLVM 15)"), adapter(2, "2nd card")];
        for (wanted, index) in [
            (None, Some(0)),
            (Some("1"), Some(1)),
            (Some("LLVMPIPE"), Some(1)),
            (Some("card"), Some(2)),
            (Some("3"), None),
        ] {
            assert_eq!(choose(&adapters, wanted).ok(), index, "{wanted:?}");
        }
        let message = choose(&adapters, Some("Radeon")).map_err(|error| error.to_string());
        assert!(message.as_ref().is_err_and(|text| text.contains("Radeon") && text.contains("NVIDIA H200, llvmpipe")));
        assert!(matches!(choose(&[], None), Err(Error::NoAdapter)));
    }
}
