//! `wgslm bench`: measures speed and memory of a model on this machine. BENCHMARKS.md explains the numbers.

mod cached;
mod capacity;
mod command;
mod figure;
mod kernels;
mod measure;
mod print;
mod report;
mod soak;
mod streams;

pub(crate) use command::BenchCommand;

use std::io::Write as _;
use std::path::Path;

use measure::{Bench, SHORT_ANSWER, SHORT_PROMPT};
use report::{MemoryReport, ModelReport, Report, SettingsReport};
use wgslm::engine::BLOCK_TOKENS;
use wgslm::engine::Engine;
use wgslm::model::ModelSpec;

use crate::arguments::{BenchArguments, ModelArguments, RoomOptions};
use crate::error::Result;
use crate::load::{self, LoadReport};

pub(crate) async fn run(arguments: &BenchArguments) -> Result<()> {
    if let Some(command) = &arguments.command {
        return command::run(command).await;
    }
    let context = context_length(arguments)?;
    let model = ModelArguments {
        model: arguments.model().to_owned(),
        device: arguments.device.clone(),
        context: Some(context),
        activations: arguments.activations,
        quantize: arguments.quantize.clone(),
        kv: arguments.kv,
    };
    let (engine, load) = load::engine(&model, room(arguments, context)).await?;
    check(&engine, arguments)?;
    let report = measure(&engine, arguments, load).await?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut output, &report)?;
        writeln!(output)?;
    } else {
        print::report(&mut output, &report)?;
    }
    Ok(())
}

/// The context length that the measurements need; an error if the model can't have it, before its weights are read.
fn context_length(arguments: &BenchArguments) -> Result<u32> {
    let spec = ModelSpec::from_metadata(&load::header(arguments.model())?.metadata)?;
    let depth = arguments.depth.iter().copied().max().unwrap_or(0);
    if depth > 0 && arguments.room.no_prefix_cache {
        // Its prefill follows tokens that an earlier request has left there.
        return Err(invalid("--depth", &depth.to_string(), "0 with --no-prefix-cache".to_owned()));
    }
    let depth = u64::from(depth);
    // Prefill samples a token at its end, and so does the prompt before decode.
    let prefill = depth + u64::from(arguments.prompt_tokens) + 1;
    let answer = 1 + u64::from(arguments.gen_tokens);
    let decode = depth.max(1) + answer;
    let stream = u64::from(arguments.shared_prefix.unwrap_or(0)) + u64::from(SHORT_PROMPT) + answer;
    let stream = if arguments.streams().is_empty() { 0 } else { stream };
    let context = prefill.max(decode).max(stream).max(u64::from(SHORT_PROMPT + SHORT_ANSWER));
    u32::try_from(context).ok().filter(|context| *context <= spec.context_length).ok_or_else(|| {
        let most = spec.context_length;
        let expected = format!(
            "at most {most}, the positions the model was trained for; lower --depth, --prompt-tokens, --gen-tokens or --shared-prefix"
        );
        invalid("the context for these sizes", &context.to_string(), expected)
    })
}

/// The room that the measurements need, unless arguments say how much.
fn room(arguments: &BenchArguments, context: u32) -> RoomOptions {
    let most = arguments.most_generations();
    let RoomOptions { slots, kv_tokens, no_prefix_cache } = arguments.room;
    // Each generation takes whole blocks of the KV cache, and one more for the copy of a block in which its cached prefix ends.
    let blocks = most.saturating_mul(context.div_ceil(BLOCK_TOKENS) + 1);
    RoomOptions {
        slots: slots.or((most > 1).then_some(most)),
        kv_tokens: kv_tokens.or(Some(blocks.saturating_mul(BLOCK_TOKENS))),
        no_prefix_cache,
    }
}

fn check(engine: &Engine, arguments: &BenchArguments) -> Result<()> {
    let most = arguments.most_generations();
    if most > engine.slots() {
        let expected = format!("from 1 to {}, the requests that run at a time; raise --slots", engine.slots());
        return Err(invalid("--batch", &most.to_string(), expected));
    }
    if arguments.profile.is_some() && !engine.device().gpu().capabilities().timestamps {
        return Err(wgslm::gpu::Error::NoTimestamps { device: engine.device().adapter().name.clone() }.into());
    }
    Ok(())
}

fn invalid(option: &str, value: &str, expected: String) -> crate::error::Error {
    wgslm::Error::InvalidOption { option: option.to_owned(), value: value.to_owned(), expected }.into()
}

async fn measure(engine: &Engine, arguments: &BenchArguments, load: LoadReport) -> Result<Report> {
    let bench = Bench::new(engine, arguments, arguments.drafts.speculation(engine).await?);
    // Before all other measurements, so that it is the engine's first request.
    let short = bench.short_requests().await?;
    let mut depths = Vec::new();
    for depth in &arguments.depth {
        depths.push(bench.depth(*depth).await?);
    }
    let prefix_cache = !arguments.room.no_prefix_cache;
    let cached_prefix = if prefix_cache { Some(cached::measure(&bench).await?) } else { None };
    let streams = streams::measure(&bench, arguments.streams()).await?;
    let mut profiles = Vec::new();
    if let Some(repeats) = arguments.profile {
        let chunk = arguments.prompt_tokens.min(engine.prefill_tokens());
        let streams = arguments.streams().iter().copied().filter(|streams| *streams > 1);
        let steps: Vec<u32> = [1].into_iter().chain(streams).chain([chunk]).collect();
        for depth in &arguments.depth {
            for &tokens in &steps {
                profiles.push(kernels::measure(engine, *depth, tokens, &arguments.sampling.options(), repeats).await?);
            }
        }
    }
    let gpu = engine.device().gpu();
    // Before the buffers that measure the bandwidth, which aren't part of the model's memory.
    let memory = MemoryReport {
        peak_bytes: gpu.peak_bytes(),
        weight_bytes: engine.weight_bytes(),
        kv_cache_bytes: engine.kv_bytes(),
    };
    let copy_bytes_per_s = gpu.copy_bytes_per_s().await?;
    // Several generations may share a step, which reads the weights once for all of them.
    if arguments.generations() == 1 {
        depths.iter_mut().for_each(|depth| depth.compare(copy_bytes_per_s));
    }
    Ok(Report {
        model: ModelReport::of(engine, file_name(arguments.model())),
        device: gpu.adapter().into(),
        settings: SettingsReport {
            prompt_tokens: arguments.prompt_tokens,
            gen_tokens: arguments.gen_tokens,
            batch: arguments.generations(),
            repeat: arguments.repeat,
            tokens_in_flight: arguments.tokens_in_flight,
            temperature: arguments.sampling.temperature,
            top_k: arguments.sampling.top_k,
            top_p: arguments.sampling.top_p,
            min_p: arguments.sampling.min_p,
            context_length: engine.context_length(),
            slots: engine.slots(),
            shared_prefix: arguments.shared_prefix.unwrap_or(0),
            prefix_cache,
        },
        load_ms: load.load_ms,
        load_phases: load,
        first_request_ms: short.first_request_ms,
        warm_request_ms: short.warm_request_ms,
        ttft_ms: short.ttft_ms,
        dispatches_per_token: engine.dispatches_per_token(&arguments.sampling.options()),
        depths,
        cached_prefix,
        streams,
        memory,
        copy_bytes_per_s,
        profiles,
    })
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
