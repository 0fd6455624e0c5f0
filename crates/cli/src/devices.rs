//! `wgslm devices`: lists the adapters that models can run on.

use std::io::Write as _;

use wgslm::Device;

use crate::arguments::DevicesArguments;
use crate::error::Result;

pub(crate) async fn run(arguments: &DevicesArguments) -> Result<()> {
    let adapters = Device::adapters().await;
    if adapters.is_empty() {
        return Err(wgslm::gpu::Error::NoAdapter.into());
    }
    let mut output = std::io::stdout().lock();
    if arguments.json {
        let devices: Vec<_> = adapters
            .iter()
            .map(|adapter| {
                serde_json::json!({
                    "index": adapter.index,
                    "name": adapter.name,
                    "backend": adapter.backend,
                    "driver": adapter.driver,
                    "software": adapter.software,
                    "features": adapter.features,
                    "max_binding": adapter.max_binding,
                })
            })
            .collect();
        serde_json::to_writer(&mut output, &serde_json::json!({ "devices": devices }))?;
        writeln!(output)?;
        return Ok(());
    }
    for adapter in adapters {
        let kind = if adapter.software { "software" } else { "hardware" };
        writeln!(output, "{}  {}", adapter.index, adapter.name)?;
        writeln!(output, "   {kind}, {}, driver {}", adapter.backend, adapter.driver)?;
        writeln!(output, "   features: {}", adapter.features.join(", "))?;
        writeln!(output, "   largest binding: {} MiB", adapter.max_binding >> 20)?;
    }
    Ok(())
}
