//! `wgslm logits`.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use crate::arguments::LogitsArguments;
use crate::error::{Error, Result};
use crate::{load, npy};

pub(crate) async fn run(arguments: LogitsArguments) -> Result<()> {
    let (engine, _) = load::engine(&arguments.model).await?;
    let path = arguments.output.as_path();
    let shape = [arguments.tokens.len(), engine.model().spec.vocabulary as usize];
    let mut file = BufWriter::new(File::create(path).map_err(Error::file(path))?);
    let mut written = npy::write_header(&mut file, &shape);
    let write = |_: usize, row: &[f32]| {
        if written.is_ok() {
            written = npy::write_values(&mut file, row);
        }
        Ok(())
    };
    engine.logits(&arguments.tokens, write).await?;
    written.and_then(|()| file.flush()).map_err(Error::file(path))
}
