//! The report as text for a terminal.

use std::io::Write;

use super::figure::{Figure, Quantiles};
use super::kernels::Profile;
use super::measure::{SHORT_ANSWER, SHORT_PROMPT};
use super::report::{Report, SettingsReport};
use super::streams::StreamsReport;
use crate::error::Result;

pub(super) fn report(output: &mut impl Write, report: &Report) -> Result<()> {
    let Report { model, device, settings, memory, .. } = report;
    let parameters = model.parameters as f64 / 1e6;
    writeln!(
        output,
        "model     {} ({}, {parameters:.1} M parameters), {}",
        model.name, model.architecture, model.file
    )?;
    writeln!(output, "device    {}, {}, driver {}", device.name, device.backend, device.driver)?;
    writeln!(
        output,
        "settings  {} prompt tokens, {} generated, batch {}, {} tokens in flight, context {}; median (min-max) of {}\n",
        settings.prompt_tokens,
        settings.gen_tokens,
        settings.batch,
        settings.tokens_in_flight,
        settings.context_length,
        settings.repeat,
    )?;
    if settings.temperature > 0.0 {
        writeln!(
            output,
            "sampling  temperature {}, top-k {}, top-p {}, min-p {}\n",
            settings.temperature, settings.top_k, settings.top_p, settings.min_p
        )?;
    }
    let phases = report.load_phases.phases().map(|(phase, ms)| format!("{phase} {ms:.0}")).join(", ");
    writeln!(output, "load                      {:.0} ms: {phases}", report.load_ms)?;
    writeln!(
        output,
        "first request             {:.1} ms, {SHORT_PROMPT} tokens + {SHORT_ANSWER}",
        report.first_request_ms
    )?;
    writeln!(output, "the same, warm            {} ms", shown(&report.warm_request_ms, 1))?;
    writeln!(output, "first token, warm         {} ms", shown(&report.ttft_ms, 2))?;
    writeln!(output, "dispatches a token        {}", report.dispatches_per_token)?;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let rest = memory.peak_bytes.saturating_sub(memory.weight_bytes + memory.kv_cache_bytes);
    writeln!(
        output,
        "GPU memory at its peak    {:.1} MiB: weights {:.1}, KV cache {:.1}, activations and the rest {:.1}",
        mib(memory.peak_bytes),
        mib(memory.weight_bytes),
        mib(memory.kv_cache_bytes),
        mib(rest),
    )?;
    writeln!(output, "copy bandwidth            {:.1} GB/s read and written\n", report.copy_bytes_per_s / 1e9)?;
    let [depth, prefill, decode, read] = ["depth", "prefill, tokens/s", "decode, tokens/s", "MB read a token"];
    writeln!(output, "{depth:>6}  {prefill:<28}  {decode:<28}  {read:>15}  of the bandwidth")?;
    for depth in &report.depths {
        let share = depth.bandwidth_share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
        writeln!(
            output,
            "{:>6}  {:<28}  {:<28}  {:>15.1}  {share:>16}",
            depth.depth,
            shown(&depth.prefill_tokens_per_s, 1),
            shown(&depth.decode_tokens_per_s, 1),
            depth.bytes_per_token as f64 / 1e6,
        )?;
    }
    if let Some(cached) = &report.cached_prefix {
        writeln!(
            output,
            "\nfirst token of {} tokens    {} ms\nwith {} of them cached     {} ms, {:.1} times sooner",
            cached.prompt_tokens,
            shown(&cached.cold_ttft_ms, 2),
            cached.cached_tokens,
            shown(&cached.cached_ttft_ms, 2),
            cached.speedup,
        )?;
    }
    print_streams(output, settings, &report.streams)?;
    report.profiles.iter().try_for_each(|profile| print_profile(output, profile))
}

fn shown(figure: &Figure, digits: usize) -> String {
    format!("{:.digits$} ({:.digits$}-{:.digits$})", figure.median, figure.min, figure.max)
}

fn print_streams(output: &mut impl Write, settings: &SettingsReport, streams: &[StreamsReport]) -> Result<()> {
    if streams.is_empty() {
        return Ok(());
    }
    writeln!(
        output,
        "\nstreams side by side: prompts of {} shared tokens and {SHORT_PROMPT} others, {} generated",
        settings.shared_prefix, settings.gen_tokens
    )?;
    let [rate, ttft, itl] = ["tokens/s in all", "TTFT p50/p95/p99, ms", "ITL p50/p95/p99, ms"];
    writeln!(
        output,
        "streams  {rate:<24}  of each  ratio  {ttft:<24}  {itl:<22}  tokens a step  ms a step  ratio    hits  saved tokens"
    )?;
    let number = |value: Option<f64>, digits: usize| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"));
    let quantiles = |Quantiles { p50, p95, p99 }: Quantiles| format!("{p50:.2}/{p95:.2}/{p99:.2}");
    for report in streams {
        writeln!(
            output,
            "{:>7}  {:<24}  {:>7}  {:>5}  {:<24}  {:<22}  {:>13}  {:>9}  {:>5}  {:>4.0} %  {:>12.1}",
            report.streams,
            report.tokens_per_s.as_ref().map_or_else(|| "-".to_owned(), |rate| shown(rate, 1)),
            number(report.stream_tokens_per_s, 1),
            number(report.speedup, 2),
            quantiles(report.ttft_ms),
            quantiles(report.itl_ms),
            number(report.step_tokens, 1),
            number(report.step_ms.as_ref().map(|step| step.median), 2),
            number(report.step_cost, 2),
            report.prefix_hit_rate * 100.0,
            report.saved_tokens,
        )?;
    }
    Ok(())
}

fn print_profile(output: &mut impl Write, profile: &Profile) -> Result<()> {
    let what = if profile.tokens == 1 { "decode".to_owned() } else { format!("prefill of {} tokens", profile.tokens) };
    writeln!(
        output,
        "\n{what} at depth {}: {:.1} us in order, {:.1} us repeated ({} times)",
        profile.depth, profile.in_order_us, profile.repeated_us, profile.repeats
    )?;
    let kernel_width = profile.kernels.iter().map(|kernel| kernel.kernel.len()).max().unwrap_or(0);
    let label_width = profile.kernels.iter().map(|kernel| kernel.label.len()).max().unwrap_or(0);
    let [kernel, label, grid, count] = ["kernel", "on", "grid", "dispatches"];
    writeln!(
        output,
        "{kernel:kernel_width$}  {label:label_width$}  {grid:>14}  {count}  us in order  us repeated   share  GB/s in order  GB/s repeated"
    )?;
    for kernel in &profile.kernels {
        let [x, y, z] = kernel.grid;
        let rate = |rate: Option<f64>| rate.map_or_else(String::new, |rate| format!("{:.1}", rate / 1e9));
        let line = format!(
            "{:kernel_width$}  {:label_width$}  {:>14}  {:>10}  {:>11.1}  {:>11.1}  {:>5.1}%  {:>13}  {:>13}",
            kernel.kernel,
            kernel.label,
            format!("{x}x{y}x{z}"),
            kernel.dispatches,
            kernel.in_order_us,
            kernel.repeated_us,
            kernel.share * 100.0,
            rate(kernel.in_order_bytes_per_s),
            rate(kernel.repeated_bytes_per_s),
        );
        writeln!(output, "{}", line.trim_end())?;
    }
    Ok(())
}
