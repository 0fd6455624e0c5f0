//! The memory that a model takes on a device, told from its header before anything is allocated.

use std::fmt;

use wgslm_formats::quantise::Policy;
use wgslm_formats::source::ModelHeader;
use wgslm_shaders::KvFormat;

use super::{EngineOptions, Inner};
use crate::model::select::Tuner;
use crate::model::{Incoming, Model, ModelSpec, Texts};
use crate::{Device, Result};

/// The fewest tokens of a context that is proposed in place of a longer one.
const LEAST_CONTEXT: u32 = 256;
/// The policies that are proposed to quantise weights by, the least lossy first.
const POLICIES: [&str; 2] = ["q8", "q4"];

/// The bytes of the buffers that a model takes on a device with some options. Drivers take more for pipelines and alignment, and nothing
/// tells how much a device has left.
#[derive(Clone, Debug)]
pub struct MemoryPlan {
    /// Bytes of the weights.
    pub weight_bytes: u64,
    /// Bytes of the KV cache, with its block tables, and of the states of layers that have some.
    pub kv_cache_bytes: u64,
    /// Bytes of activations, logits, parameters and readback.
    pub workspace_bytes: u64,
    /// The most bytes beside those while the model loads: staging buffers, and what is measured on. Some kB of
    /// parameters come and go besides.
    pub loading_bytes: u64,
    /// Bytes of the model's files.
    pub file_bytes: u64,
    /// The most tokens of a sequence.
    pub context_length: u32,
    /// The format of the KV cache.
    pub kv_format: KvFormat,
    /// The error of the largest buffer that the device can't make, if there is one: the model can't be loaded so.
    pub too_large: Option<wgslm_gpu::Error>,
    /// Other options with which the model takes less, those that change the least first.
    pub alternatives: Vec<Alternative>,
}

/// Options with which a model takes less memory, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The context length, if it is another.
    pub context_length: Option<u32>,
    /// The format of the KV cache, if it is another.
    pub kv_format: Option<KvFormat>,
    /// The policy by which weights are quantised as they are loaded, if they are.
    pub quantize: Option<&'static str>,
    /// Bytes on the device.
    pub bytes: u64,
    /// The most bytes on the device while the model loads.
    pub peak_bytes: u64,
    /// Every buffer is one that the device can make.
    pub within_limits: bool,
}

impl MemoryPlan {
    /// The plan for the model that `header` describes.
    ///
    /// # Errors
    /// Why the model can't be run, or the options not be used: see [`Error`](crate::Error).
    pub fn new(device: &Device, header: &ModelHeader, options: &EngineOptions) -> Result<Self> {
        Self::of(device, (&ModelSpec::from_header(header)?, header), options)
    }

    /// The plan for the model of a header that says of texts whatever it may.
    pub(super) fn of(device: &Device, model: (&ModelSpec, &ModelHeader), options: &EngineOptions) -> Result<Self> {
        let mut plan = Self::alone(device, model, options)?;
        plan.alternatives = plan.find_alternatives(device, model, options);
        Ok(plan)
    }

    /// The plan without alternatives: the model is built in a dry run.
    fn alone(device: &Device, (spec, header): (&ModelSpec, &ModelHeader), options: &EngineOptions) -> Result<Self> {
        let device = device.dry_run();
        let gpu = device.gpu();
        let (weights, parameters, incoming) = Incoming::new(&device, (spec, header), options.quantize.as_ref())?;
        let model = Model::new(spec.clone(), weights, parameters, Texts::none());
        let inner = Inner::new(&device, model, options)?;
        let tuner = Tuner::new(&device, &inner.model)?;
        let peak = gpu.bytes() + incoming.staging_bytes();
        drop((incoming, tuner));
        let bytes = gpu.bytes();
        let (weight_bytes, kv_cache_bytes) = (inner.model.weights.bytes(), inner.kv.bytes() + inner.states.bytes());
        Ok(Self {
            weight_bytes,
            kv_cache_bytes,
            workspace_bytes: bytes - weight_bytes - kv_cache_bytes,
            loading_bytes: peak - bytes,
            file_bytes: header.bytes(),
            context_length: inner.context_length,
            kv_format: inner.kv.format,
            too_large: gpu.too_large(),
            alternatives: Vec::new(),
        })
    }

    /// Bytes on the device once the model is loaded.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.weight_bytes + self.kv_cache_bytes + self.workspace_bytes
    }

    /// The most bytes on the device while the model loads.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        self.bytes() + self.loading_bytes
    }

    /// The options with which the model takes less: each by itself, then all together.
    fn find_alternatives(
        &self,
        device: &Device,
        model: (&ModelSpec, &ModelHeader),
        options: &EngineOptions,
    ) -> Vec<Alternative> {
        // Where the context is too long, the engine knows the longest that isn't.
        let fitting = self.too_large.is_some().then(|| {
            let shortest = EngineOptions { context_length: None, kv_tokens: None, ..options.clone() };
            Self::alone(device, model, &shortest).ok().map(|plan| plan.context_length)
        });
        let halves = [self.context_length / 2, self.context_length / 4];
        let contexts = halves.into_iter().filter(|tokens| *tokens >= LEAST_CONTEXT);
        let mut contexts: Vec<u32> = fitting.flatten().into_iter().chain(contexts).collect();
        contexts.retain(|tokens| *tokens < self.context_length);
        contexts.sort_by_key(|tokens| std::cmp::Reverse(*tokens));
        contexts.dedup();
        let kv_format = (self.kv_format != KvFormat::Q8).then_some(KvFormat::Q8);
        let policies = POLICIES.iter().copied().filter(|_| options.quantize.is_none());
        let none = (None, None, None);
        // Most files have nothing to quantise, which is an error then.
        let all = [policies.clone().next_back(), None].map(|policy| (contexts.last().copied(), kv_format, policy));
        let single = kv_format.map(|format| (None, Some(format), None));
        let tried = single.into_iter();
        let tried = tried.chain(contexts.iter().map(|tokens| (Some(*tokens), None, None)));
        let tried =
            tried.chain(policies.map(|policy| (None, None, Some(policy)))).chain(all).filter(|one| *one != none);
        let mut found: Vec<Alternative> = Vec::new();
        for (context_length, kv_format, quantize) in tried {
            let changed = EngineOptions {
                context_length: context_length.or(options.context_length),
                kv_tokens: options.kv_tokens.map(|tokens| context_length.unwrap_or(tokens)),
                kv_format: kv_format.or(options.kv_format),
                quantize: quantize.and_then(|name| name.parse::<Policy>().ok()).or_else(|| options.quantize.clone()),
                ..options.clone()
            };
            let Ok(plan) = Self::alone(device, model, &changed) else { continue };
            let (bytes, peak_bytes) = (plan.bytes(), plan.peak_bytes());
            if bytes < self.bytes() && found.iter().all(|other| other.bytes != bytes) {
                let within_limits = plan.too_large.is_none();
                found.push(Alternative { context_length, kv_format, quantize, bytes, peak_bytes, within_limits });
            }
        }
        found
    }
}

impl fmt::Display for MemoryPlan {
    /// Writes what the model takes, and with what it would take less.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { weight_bytes, kv_cache_bytes, workspace_bytes, loading_bytes, context_length, .. } = self;
        let [all, weights, kv, workspace, loading] =
            [self.bytes(), *weight_bytes, *kv_cache_bytes, *workspace_bytes, *loading_bytes].map(Size);
        write!(
            formatter,
            "with a context of {context_length} tokens the model takes {all} (weights {weights}, KV cache {kv}, workspace {workspace})"
        )?;
        if *loading_bytes > 0 {
            write!(formatter, ", and {loading} more while it loads")?;
        }
        for (index, alternative) in self.alternatives.iter().filter(|found| found.within_limits).enumerate() {
            write!(formatter, "{} {alternative}", if index == 0 { "; it takes" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Display for Alternative {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = self.context_length.map(|tokens| format!("a context of {tokens} tokens"));
        let format = self.kv_format.map(|_| "a KV cache of 8 bits".to_owned());
        let quantize = self.quantize.map(|policy| format!("weights quantised to {policy}"));
        let parts: Vec<String> = [context, format, quantize].into_iter().flatten().collect();
        write!(formatter, "{} with {}", Size(self.bytes), parts.join(" and "))
    }
}

/// A number of bytes, as a person reads it.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (megabyte, gigabyte) = (1e6, 1e9);
        match self.0 as f64 {
            bytes if bytes < megabyte => write!(formatter, "{:.1} kB", bytes / 1e3),
            bytes if bytes < gigabyte => write!(formatter, "{:.1} MB", bytes / megabyte),
            bytes => write!(formatter, "{:.2} GB", bytes / gigabyte),
        }
    }
}
