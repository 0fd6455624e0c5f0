//! `wgslm plan`: tells the memory that a model takes on a device, without loading it.

use std::io::Write as _;

use serde_json::{Value as Json, json};
use wgslm::engine::{Alternative, KvFormat, MemoryPlan};

use crate::arguments::PlanArguments;
use crate::error::Result;
use crate::load;

pub(crate) async fn run(arguments: &PlanArguments) -> Result<()> {
    let header = load::header(&arguments.model.model)?;
    let device = load::device(&arguments.model).await?;
    let plan = MemoryPlan::new(&device, &header, &load::options(&arguments.model, arguments.room))?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut output, &report(&plan))?;
        writeln!(output)?;
        return Ok(());
    }
    writeln!(output, "{plan}")?;
    if let Some(too_large) = &plan.too_large {
        writeln!(output, "it can't be loaded so: {too_large}")?;
    }
    Ok(())
}

fn report(plan: &MemoryPlan) -> Json {
    let alternative = |found: &Alternative| {
        json!({
            "context": found.context_length,
            "kv": found.kv_format.map(name),
            "quantize": found.quantize,
            "bytes": found.bytes,
            "peak_bytes": found.peak_bytes,
            "within_limits": found.within_limits,
        })
    };
    json!({
        "bytes": plan.bytes(),
        "peak_bytes": plan.peak_bytes(),
        "weight_bytes": plan.weight_bytes,
        "kv_cache_bytes": plan.kv_cache_bytes,
        "workspace_bytes": plan.workspace_bytes,
        "loading_bytes": plan.loading_bytes,
        "file_bytes": plan.file_bytes,
        "context": plan.context_length,
        "kv": name(plan.kv_format),
        "within_limits": plan.too_large.is_none(),
        "alternatives": plan.alternatives.iter().map(alternative).collect::<Vec<_>>(),
    })
}

fn name(format: KvFormat) -> &'static str {
    match format {
        KvFormat::F16 => "f16",
        KvFormat::F32 => "f32",
        KvFormat::Q8 => "q8",
    }
}
