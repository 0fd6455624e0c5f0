//! `wgslm rerank`: ranks documents by how well they answer a query.

use std::io::Write as _;

use serde::Serialize;

use crate::arguments::{RerankArguments, RoomOptions};
use crate::error::Result;
use crate::load;

/// One document's line of JSON output.
#[derive(Serialize)]
struct Report<'a> {
    /// The document's place among those given, from 0.
    index: usize,
    score: f32,
    document: &'a str,
}

pub(crate) async fn run(arguments: RerankArguments) -> Result<()> {
    let documents = arguments.input.texts()?;
    let (engine, _) = load::engine(&arguments.model, RoomOptions::default()).await?;
    let scores = engine.rerank(&arguments.query, &documents).await?;
    let mut ranked: Vec<Report<'_>> = documents
        .iter()
        .zip(scores)
        .enumerate()
        .map(|(index, (document, score))| Report { index, score, document })
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut output = std::io::stdout().lock();
    for report in ranked.iter().take(arguments.top.unwrap_or(usize::MAX)) {
        if arguments.json {
            serde_json::to_writer(&mut output, report)?;
            writeln!(output)?;
        } else {
            writeln!(output, "{:.4}\t{}", report.score, report.document)?;
        }
    }
    Ok(())
}
