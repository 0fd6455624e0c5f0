//! Tests of choosing, opening and refusing devices.

use pollster::block_on;
use wgslm::gpu::{Error, KernelTexts};
use wgslm::shaders::{Kernel, KvFormat, Target, Variant, WeightFormat};
use wgslm::{Device, DeviceOptions};

use crate::adapters::{adapters, as_on, laid_out, open, opened, some_adapters};

#[test]
fn the_baseline_takes_no_feature_and_no_limit_beyond_webgpus() {
    for device in adapters() {
        let baseline = opened(&DeviceOptions { baseline: true, ..as_on(device) });
        let (capabilities, kernels) = (baseline.gpu().capabilities(), baseline.kernels());
        assert!(!capabilities.subgroups && !kernels.subgroups);
        assert_eq!((capabilities.max_binding, capabilities.max_buffer), (128 << 20, 256 << 20));
        assert!(Variant::all().iter().any(|variant| variant.subgroups()));
        let chosen = [
            kernels.attention(KvFormat::F16).into(),
            kernels.norm(false, None).into(),
            kernels.norm(true, None).into(),
            *kernels.few(WeightFormat::Q4_0, kernels.untuned()).of(1),
            *kernels.linear(WeightFormat::Q4_0).of(u32::MAX),
        ];
        assert!(chosen.iter().all(|variant| !variant.subgroups()), "{chosen:?}");
        assert_eq!(baseline.adapter().name, device.adapter().name);
    }
}

#[test]
fn the_largest_binding_can_be_lowered_but_not_raised() {
    for device in adapters() {
        let lowered = opened(&DeviceOptions { max_binding: Some(1 << 20), ..as_on(device) });
        assert_eq!(lowered.gpu().capabilities().max_binding, 1 << 20);
        assert_eq!(lowered.gpu().storage_buffer("largest", 1 << 20).map(|buffer| buffer.size()).ok(), Some(1 << 20));
        match lowered.gpu().storage_buffer("a tensor", (1 << 20) + 1) {
            Err(Error::TooLarge { what, bytes, limit }) => {
                assert_eq!((what.as_str(), bytes, limit), ("a tensor", (1 << 20) + 4, 1 << 20));
            }
            other => panic!("{other:?}"),
        }
        let raised = open(&DeviceOptions { max_binding: Some(u64::MAX), ..as_on(device) });
        assert_eq!(raised.gpu().capabilities().max_binding, device.gpu().capabilities().max_binding);
    }
}

#[test]
fn weight_rows_lie_as_asked_or_as_the_kind_of_device_wants() {
    for device in adapters() {
        assert_eq!(device.kernels().interleaved_rows, device.adapter().software);
        for interleaved_rows in [false, true] {
            let opened = laid_out(device, interleaved_rows);
            for tokens in [1, 5, 100] {
                let variant = *opened.kernels().linear(WeightFormat::Q8_0).of(tokens);
                let interleave = if interleaved_rows { 32 } else { 1 };
                assert_eq!(variant.weight().map(|layout| layout.interleave), Some(interleave));
                assert!(Variant::all().contains(&variant), "{}", variant.name());
            }
        }
    }
}

/// A kernel's WGSL with `right` replaced by `wrong`, to act like a driver that computes wrong values.
fn with_mistake(variant: &Variant, target: Target, kernel: Kernel, right: &str, wrong: &str) -> String {
    let text = variant.wgsl(target);
    if variant.kernel() != kernel {
        return text;
    }
    assert!(text.contains(right), "{} has no {right}", variant.name());
    text.replace(right, wrong)
}

#[test]
fn a_device_that_computes_wrong_values_is_refused() {
    type Text = fn(&Variant, Target) -> String;
    let mistakes: [(Kernel, bool, Text); 11] = [
        (Kernel::Matvec, false, |v, t| {
            with_mistake(
                v,
                t,
                Kernel::Matvec,
                "norm_scale * collect(lane.index, lane)",
                "-norm_scale * collect(lane.index, lane)",
            )
        }),
        (Kernel::Matvec, false, |v, t| {
            with_mistake(v, t, Kernel::Matvec, "g += WORKGROUP_SIZE", "g += 2 * WORKGROUP_SIZE")
        }),
        (Kernel::Matmul, false, |v, t| with_mistake(v, t, Kernel::Matmul, "fma(a.w, b.w", "fma(-a.w, b.w")),
        (Kernel::MatmulInt8, false, |v, t| {
            with_mistake(v, t, Kernel::MatmulInt8, "< params.groups", "<= params.groups")
        }),
        (Kernel::MatmulRowPerLane, true, |v, t| {
            with_mistake(v, t, Kernel::MatmulRowPerLane, "sums3 += dots", "sums3 -= dots")
        }),
        (Kernel::MatmulRowPerLaneInt8, true, |v, t| {
            with_mistake(v, t, Kernel::MatmulRowPerLaneInt8, "sums3 += products", "sums3 -= products")
        }),
        (Kernel::Repack, true, |v, t| with_mistake(v, t, Kernel::Repack, "within % 2u == 0u", "within % 4u == 0u")),
        (Kernel::Norm, true, |v, t| with_mistake(v, t, Kernel::Norm, "+ params.epsilon", "+ 2e-3")),
        (Kernel::Attention, true, |v, t| {
            with_mistake(v, t, Kernel::Attention, "sum = values[p] * correction", "sum = values[p]")
        }),
        (Kernel::ArgmaxPartials, true, |v, t| {
            with_mistake(v, t, Kernel::ArgmaxPartials, "token += WORKGROUP_SIZE", "token += 2 * WORKGROUP_SIZE")
        }),
        (Kernel::Argmax, true, |v, t| with_mistake(v, t, Kernel::Argmax, "-log(exponential)", "log(exponential)")),
    ];
    for device in some_adapters() {
        for (kernel, interleaved_rows, text) in mistakes {
            let rows = Some(interleaved_rows);
            let options = DeviceOptions { interleaved_rows: rows, repacked_rows: Some(true), ..as_on(device) };
            match block_on(Device::open_with(&options, KernelTexts { text })) {
                Ok(_) => panic!("{} is accepted with a wrong {}", device.adapter().name, kernel.name()),
                Err(error) => {
                    assert_eq!(error.code(), "self-check", "{error}");
                    let message = error.to_string();
                    assert!(message.contains(kernel.name()) && message.contains(&device.adapter().name), "{message}");
                }
            }
        }
    }
}

#[test]
fn a_device_is_found_by_a_part_of_its_name_and_never_guessed() {
    let Some(first) = adapters().first() else { return };
    let part: String = first.adapter().name.to_uppercase().chars().take(6).collect();
    let found = open(&DeviceOptions { device: Some(part), ..DeviceOptions::default() });
    assert_eq!(found.adapter().name, first.adapter().name);
    for wanted in ["no such device", "999"] {
        let options = DeviceOptions { device: Some(wanted.to_owned()), ..DeviceOptions::default() };
        let Err(error) = block_on(Device::open(&options)) else { panic!("{wanted} was found") };
        assert_eq!(error.code(), "unknown-device");
        let message = error.to_string();
        assert!(message.contains(wanted), "{message}");
        for device in adapters() {
            assert!(message.contains(&device.adapter().name), "{message}");
        }
    }
}

#[test]
fn a_software_adapter_is_used_where_there_is_nothing_better() {
    if adapters().is_empty() {
        return;
    }
    let hardware = adapters().iter().any(|device| !device.adapter().software);
    assert_eq!(open(&DeviceOptions::default()).adapter().software, !hardware);
}
