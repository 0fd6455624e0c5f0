//! Properties of every variant: distinct names, the limits of the WebGPU baseline, parameters as Rust has them, one text for
//! naga and for browsers.

use std::collections::{BTreeMap, BTreeSet};

use bytemuck::Zeroable as _;
use naga::{AddressSpace, GlobalVariable, Module};
use wgslm_shaders::{
    Access, Attention, AttentionVariant, CooperativeTile, CopyBlocks, Embed, Gate, KvFormat, Launch, Linear,
    MixExperts, Norm, NormHeads, Pool, Quantise, QuantiseWeights, Repack, RopeAppend, Route, Sample, ShortConvolution,
    Target, Variant,
};

/// The limits that WebGPU promises on every device.
const MAX_STORAGE_BUFFERS: usize = 8;
const MAX_WORKGROUP_MEMORY: u32 = 16 << 10;
const MAX_INVOCATIONS: u32 = 256;

fn module(variant: &Variant) -> Module {
    let text = variant.wgsl(Target::Native);
    naga::front::wgsl::parse_str(&text).unwrap_or_else(|error| panic!("{}: {error}", variant.name()))
}

/// Bytes of the variables in an address space, by name.
fn sizes(module: &Module, of: impl Fn(&GlobalVariable) -> bool) -> BTreeMap<String, u32> {
    let sized = module.global_variables.iter().filter(|(_, variable)| of(variable));
    sized
        .map(|(_, variable)| {
            let size = module.types[variable.ty].inner.size(module.to_ctx());
            (variable.name.clone().expect("the kernels name what they declare"), size)
        })
        .collect()
}

/// Parameters of every kind.
fn launches() -> [Box<dyn Launch>; 16] {
    [
        Box::new(Attention::zeroed()),
        Box::new(CopyBlocks::zeroed()),
        Box::new(Embed::zeroed()),
        Box::new(Linear::zeroed()),
        Box::new(Quantise::zeroed()),
        Box::new(QuantiseWeights::zeroed()),
        Box::new(MixExperts::zeroed()),
        Box::new(Norm::zeroed()),
        Box::new(NormHeads::zeroed()),
        Box::new(Pool::zeroed()),
        Box::new(Repack::zeroed()),
        Box::new(RopeAppend::zeroed()),
        Box::new(Gate::zeroed()),
        Box::new(Route::zeroed()),
        Box::new(Sample::zeroed()),
        Box::new(ShortConvolution::zeroed()),
    ]
}

#[test]
fn no_two_variants_share_a_name() {
    let names: BTreeSet<_> = Variant::all().iter().map(Variant::name).collect();
    assert_eq!(names.len(), Variant::all().len());
}

#[test]
fn every_variant_keeps_to_the_limits_of_the_baseline() {
    for variant in Variant::all() {
        let (name, module) = (variant.name(), module(&variant));
        let storage = variant.bindings().iter().filter(|binding| binding.access != Access::Uniform).count();
        assert!((1..=MAX_STORAGE_BUFFERS).contains(&storage), "{name}: {storage} storage buffers");
        let memory: u32 = sizes(&module, |variable| variable.space == AddressSpace::WorkGroup).values().sum();
        // What only devices with matrix units run may take what such devices are asked for.
        let most = if variant.matrix_units() { CooperativeTile::MAX_WORKGROUP_MEMORY } else { MAX_WORKGROUP_MEMORY };
        assert!(memory <= most, "{name}: {memory} bytes of workgroup memory");
        let [entry] = module.entry_points.as_slice() else { panic!("{name} has not one entry point") };
        assert_eq!(entry.name, "main");
        let invocations: u32 = entry.workgroup_size.iter().product();
        assert!((1..=MAX_INVOCATIONS).contains(&invocations), "{name}: {invocations} invocations");
    }
}

#[test]
fn reflected_bindings_are_those_of_the_text() {
    for variant in Variant::all() {
        let module = module(&variant);
        let declared: BTreeSet<_> = module
            .global_variables
            .iter()
            .filter_map(|(_, variable)| Some((variable.binding?.binding, variable.name.clone()?)))
            .collect();
        let reflected: BTreeSet<_> =
            variant.bindings().iter().map(|binding| (binding.index, binding.name.to_owned())).collect();
        assert_eq!(declared, reflected, "{}", variant.name());
        assert_eq!(reflected.len(), variant.bindings().len(), "{}", variant.name());
    }
}

#[test]
fn parameters_are_as_large_in_rust_as_in_wgsl() {
    let launches = launches();
    for variant in Variant::all() {
        let mut of_kernel = launches.iter().filter(|launch| launch.kernels().contains(&variant.kernel()));
        let launch = of_kernel.next().unwrap_or_else(|| panic!("{} has no parameters", variant.name()));
        assert!(of_kernel.next().is_none(), "{} has parameters of two kinds", variant.name());
        let uniforms = sizes(&module(&variant), |variable| variable.space == AddressSpace::Uniform);
        let expected = BTreeMap::from([("params".to_owned(), launch.params().len() as u32)]);
        assert_eq!(uniforms, expected, "{}", variant.name());
    }
}

#[test]
fn browsers_get_the_same_text_but_for_what_it_enables() {
    for variant in Variant::all() {
        let enabled = if variant.subgroups() { "enable subgroups;\n" } else { "" };
        let expected = enabled.to_owned() + &variant.wgsl(Target::Native);
        assert_eq!(variant.wgsl(Target::Browser), expected, "{}", variant.name());
        assert_eq!(expected.contains("subgroupAdd"), variant.subgroups(), "{}", variant.name());
    }
}

#[test]
fn a_variant_that_is_not_listed_has_no_bindings() {
    let three_heads =
        AttentionVariant::AttentionSplit { kv: KvFormat::F16, heads: 3, subgroups: false, rope: false, encode: false };
    assert!(Variant::from(three_heads).bindings().is_empty());
}
