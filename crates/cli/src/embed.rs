//! `wgslm embed`: prints embeddings of texts.

use std::io::Write as _;

use serde::Serialize;

use crate::arguments::{EmbedArguments, RoomOptions};
use crate::error::{Error, Result};
use crate::load;

/// One text's line of JSON output.
#[derive(Serialize)]
struct Report {
    tokens: Vec<u32>,
    values: Vec<f32>,
}

pub(crate) async fn run(arguments: EmbedArguments) -> Result<()> {
    let texts = arguments.input.texts()?;
    let (engine, _) = load::engine(&arguments.model, RoomOptions::default()).await?;
    let mut output = std::io::stdout().lock();
    for (index, text) in texts.iter().enumerate() {
        let embedded = engine.embed_text(text).await;
        let (tokens, values) = embedded.map_err(|source| Error::Text { number: index + 1, source })?;
        if arguments.json {
            serde_json::to_writer(&mut output, &Report { tokens, values })?;
            writeln!(output)?;
        } else {
            let values: Vec<String> = values.iter().map(f32::to_string).collect();
            writeln!(output, "{}", values.join(" "))?;
        }
    }
    Ok(())
}
