//! `wgslm logits`: writes the logits at every position to a NumPy file.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use crate::arguments::{LogitsArguments, RoomOptions};
use crate::error::{Error, Result};
use crate::{load, npy};

pub(crate) async fn run(arguments: LogitsArguments) -> Result<()> {
    let (engine, _) = load::engine(&arguments.model, RoomOptions::default()).await?;
    let path = arguments.output.as_path();
    let shape = [arguments.tokens.len(), engine.model().spec.vocabulary as usize];
    // The file is created with the first row, so that an invalid prompt doesn't overwrite an existing one.
    let mut file = None;
    let mut write = |row: &[f32]| {
        if file.is_none() {
            let mut made = BufWriter::new(File::create(path)?);
            npy::write_header(&mut made, &shape)?;
            file = Some(made);
        }
        file.as_mut().map_or(Ok(()), |file| npy::write_values(file, row))
    };
    let mut written = Ok(());
    let each = |_: usize, row: &[f32]| {
        if written.is_ok() {
            written = write(row);
        }
        Ok(())
    };
    engine.logits(&arguments.tokens, each).await?;
    written.and_then(|()| file.map_or(Ok(()), |mut file| file.flush())).map_err(Error::file(path))
}
