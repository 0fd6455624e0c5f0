//! The time of a step's dispatches, summed by kernel, tensor and grid.

use serde::Serialize;
use wgslm::engine::{Engine, GenerateOptions, TimedKernel};

use crate::error::Result;

/// The time of each kernel in one kind of step.
#[derive(Serialize)]
pub(super) struct Profile {
    /// Tokens in the KV cache before the step.
    pub(super) depth: u32,
    /// Tokens of the step; 1 is a decode step.
    pub(super) tokens: u32,
    pub(super) repeats: u32,
    pub(super) in_order_us: f64,
    pub(super) repeated_us: f64,
    pub(super) kernels: Vec<KernelTime>,
}

/// The summed time of one kernel's dispatches that have the same grid and work on the same tensor of different layers.
#[derive(Serialize)]
pub(super) struct KernelTime {
    pub(super) kernel: String,
    pub(super) label: String,
    pub(super) grid: [u32; 3],
    pub(super) dispatches: usize,
    pub(super) in_order_us: f64,
    pub(super) repeated_us: f64,
    /// The part of the step's `repeated_us` that is this kernel's.
    pub(super) share: f64,
    pub(super) weight_bytes: Option<u64>,
    pub(super) in_order_bytes_per_s: Option<f64>,
    pub(super) repeated_bytes_per_s: Option<f64>,
}

pub(super) async fn measure(
    engine: &Engine,
    depth: u32,
    tokens: u32,
    options: &GenerateOptions,
    repeats: u32,
) -> Result<Profile> {
    let times = engine.profile(depth, tokens, options, repeats).await?;
    Ok(summary(depth, tokens, repeats, &times))
}

fn summary(depth: u32, tokens: u32, repeats: u32, times: &[TimedKernel]) -> Profile {
    let mut kernels: Vec<KernelTime> = Vec::new();
    for time in times {
        let label = without_layers(&time.label);
        let (in_order_us, repeated_us) = (time.in_order_ns / 1e3, time.repeated_ns / 1e3);
        let alike =
            |known: &&mut KernelTime| known.kernel == time.kernel && known.label == label && known.grid == time.grid;
        if let Some(known) = kernels.iter_mut().find(alike) {
            known.dispatches += 1;
            known.in_order_us += in_order_us;
            known.repeated_us += repeated_us;
            known.weight_bytes = known.weight_bytes.zip(time.weight_bytes).map(|(a, b)| a + b);
        } else {
            kernels.push(KernelTime {
                kernel: time.kernel.clone(),
                label,
                grid: time.grid,
                dispatches: 1,
                in_order_us,
                repeated_us,
                share: 0.0,
                weight_bytes: time.weight_bytes,
                in_order_bytes_per_s: None,
                repeated_bytes_per_s: None,
            });
        }
    }
    let in_order_us = kernels.iter().map(|kernel| kernel.in_order_us).sum();
    let repeated_us: f64 = kernels.iter().map(|kernel| kernel.repeated_us).sum();
    for kernel in &mut kernels {
        let rate = |us: f64| kernel.weight_bytes.filter(|_| us > 0.0).map(|bytes| bytes as f64 / us * 1e6);
        kernel.in_order_bytes_per_s = rate(kernel.in_order_us);
        kernel.repeated_bytes_per_s = rate(kernel.repeated_us);
        kernel.share = kernel.repeated_us / repeated_us.max(f64::MIN_POSITIVE);
    }
    kernels.sort_by(|a, b| b.repeated_us.total_cmp(&a.repeated_us));
    Profile { depth, tokens, repeats, in_order_us, repeated_us, kernels }
}

/// Replaces the layer's number in tensor names: `blk.7.attn_q.weight` becomes `blk.*.attn_q.weight`.
fn without_layers(label: &str) -> String {
    let part = |part: &str| match part.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) {
        Some((layer, rest)) if layer.bytes().all(|byte| byte.is_ascii_digit()) => format!("blk.*.{rest}"),
        _ => part.to_owned(),
    };
    label.split(" + ").map(part).collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispatches_of_all_layers_are_added_up() {
        let time = |label: &str, ns: f64| TimedKernel {
            kernel: "matvec".to_owned(),
            label: label.to_owned(),
            grid: [4, 1, 1],
            weight_bytes: Some(1000),
            in_order_ns: 2.0 * ns,
            repeated_ns: ns,
        };
        let times =
            [time("blk.0.ffn_up.weight", 1000.0), time("output.weight", 6000.0), time("blk.11.ffn_up.weight", 3000.0)];
        let profile = summary(7, 1, 5, &times);
        assert_eq!((profile.in_order_us, profile.repeated_us), (20.0, 10.0));
        let found: Vec<_> = profile.kernels.iter().map(|k| (k.label.as_str(), k.dispatches, k.weight_bytes)).collect();
        assert_eq!(found, [("output.weight", 1, Some(1000)), ("blk.*.ffn_up.weight", 2, Some(2000))]);
        assert_eq!((profile.kernels[0].share, profile.kernels[1].repeated_bytes_per_s), (0.6, Some(5e8)));
    }

    #[test]
    fn layers_are_left_out_of_labels() {
        assert_eq!(
            without_layers("blk.3.attn_q.weight + blk.3.attn_k.weight"),
            "blk.*.attn_q.weight + blk.*.attn_k.weight"
        );
        assert_eq!(without_layers("residual stream"), "residual stream");
    }
}
