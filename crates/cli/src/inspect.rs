//! `wgslm inspect`: prints a model's metadata, tensors and memory.

use std::io::Write;

use serde_json::{Value as Json, json};
use wgslm::engine::KvFormat;
use wgslm::formats::gguf::{Array, Value};
use wgslm::formats::source::{Format, ModelHeader};
use wgslm::model::ModelSpec;

use crate::arguments::InspectArguments;
use crate::error::Result;
use crate::load;

/// The most elements of an array to print, since vocabularies have 100,000 and more.
const SHOWN_ELEMENTS: usize = 8;

pub(crate) fn run(arguments: &InspectArguments) -> Result<()> {
    let header = load::header(&arguments.file)?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut output, &report(&header))?;
        writeln!(output)?;
    } else {
        print(&mut output, &header)?;
    }
    Ok(())
}

/// The bytes that a model needs: weights as in the file, and the KV cache for its whole context.
fn memory(header: &ModelHeader) -> std::result::Result<Json, String> {
    let spec = ModelSpec::from_metadata(&header.metadata).map_err(|error| error.to_string())?;
    let weights: u64 = header.tensors.iter().map(|tensor| tensor.bytes).sum();
    Ok(json!({
        "weights_bytes": weights,
        "kv_bytes_per_token": spec.kv_bytes(1, KvFormat::F16),
        "kv_bytes_full_context": spec.kv_bytes(spec.context_length, KvFormat::F16),
        "context_length": spec.context_length,
    }))
}

fn report(header: &ModelHeader) -> Json {
    let metadata: serde_json::Map<String, Json> =
        header.metadata.iter().map(|(key, value)| (key.to_owned(), json_of(value))).collect();
    let tensors: Vec<Json> = header
        .tensors
        .iter()
        .map(|tensor| {
            json!({
                "name": tensor.name,
                "type": tensor.kind.name(),
                "shape": tensor.shape,
                "offset": tensor.offset,
                "bytes": tensor.bytes,
            })
        })
        .collect();
    let (memory, unsupported) = match memory(header) {
        Ok(memory) => (memory, Json::Null),
        Err(reason) => (Json::Null, Json::from(reason)),
    };
    let (format, version) = match header.format {
        Format::Gguf(version) => ("GGUF", Some(version)),
        Format::HuggingFace => ("safetensors", None),
    };
    let files: Vec<Json> = header.files.iter().map(|file| json!({ "name": file.name, "bytes": file.bytes })).collect();
    json!({
        "format": format,
        "version": version,
        "file_bytes": header.bytes(),
        "files": files,
        "metadata": metadata,
        "tensors": tensors,
        "memory": memory,
        "unsupported": unsupported,
    })
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::U64(number) => json!(number),
        Value::I64(number) => json!(number),
        Value::F64(number) => json!(number),
        Value::Bool(value) => json!(value),
        Value::String(text) => json!(text),
        Value::Array(Array::I64(values)) => json!(values),
        Value::Array(Array::F32(values)) => json!(values),
        Value::Array(Array::Bool(values)) => json!(values),
        Value::Array(Array::Strings(values)) => values.iter().collect(),
    }
}

fn print(output: &mut impl Write, header: &ModelHeader) -> Result<()> {
    let files = header.files.len();
    let several = if files > 1 { format!(" in {files} files") } else { String::new() };
    let format = match header.format {
        Format::Gguf(version) => format!("GGUF version {version}"),
        Format::HuggingFace => "Hugging Face folder".to_owned(),
    };
    writeln!(output, "{format}, {}{several}", size(header.bytes()))?;
    if files > 1 {
        writeln!(output, "\nfiles")?;
        for file in &header.files {
            writeln!(output, "  {}  {}", file.name, size(file.bytes))?;
        }
    }
    writeln!(output, "\nmetadata")?;
    for (key, value) in header.metadata.iter() {
        writeln!(output, "  {key} = {}", shown(value))?;
    }
    writeln!(output, "\ntensors ({})", header.tensors.len())?;
    let name_width = header.tensors.iter().map(|tensor| tensor.name.len()).max().unwrap_or(0);
    for tensor in &header.tensors {
        let shape: Vec<String> = tensor.shape.iter().map(u64::to_string).collect();
        let (name, kind) = (&tensor.name, tensor.kind.name());
        writeln!(output, "  {name:name_width$}  {kind:8}  {:>16}  {:>12}", shape.join(" x "), size(tensor.bytes))?;
    }
    writeln!(output, "\nmemory on the device")?;
    match memory(header) {
        Ok(memory) => {
            let bytes = |key: &str| size(memory[key].as_u64().unwrap_or(0));
            writeln!(output, "  weights           {}", bytes("weights_bytes"))?;
            writeln!(output, "  KV cache a token  {}", bytes("kv_bytes_per_token"))?;
            let full = bytes("kv_bytes_full_context");
            writeln!(output, "  KV cache          {full} at the full context of {} tokens", memory["context_length"])?;
        }
        Err(reason) => writeln!(output, "  this model can't be run: {reason}")?,
    }
    Ok(())
}

fn shown(value: &Value) -> String {
    let Value::Array(array) = value else { return json_of(value).to_string() };
    let json = json_of(value);
    let elements = json.as_array().map(Vec::as_slice).unwrap_or_default();
    let first: Vec<String> = elements.iter().take(SHOWN_ELEMENTS).map(Json::to_string).collect();
    let rest = if array.len() > SHOWN_ELEMENTS { ", ..." } else { "" };
    format!("[{}{rest}] ({} elements)", first.join(", "), array.len())
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.2} GiB", bytes as f64 / 1_073_741_824.0),
    }
}
