//! `wgslm quantize`: writes a GGUF file with quantised weights.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use wgslm::formats::quantise::{FileQuantiser, Policy};

use crate::arguments::QuantizeArguments;
use crate::error::{Error, Result};
use crate::load::{BYTES, progress_bar};
use crate::read_ahead::pieces;

pub(crate) fn run(arguments: &QuantizeArguments) -> Result<()> {
    let (input, output) = (arguments.input.as_path(), arguments.output.as_path());
    let file = File::open(input).map_err(Error::file(input))?;
    if let (Ok(read), Ok(written)) = (input.canonicalize(), output.canonicalize())
        && read == written
    {
        return Err(Error::SameFile { path: output.to_owned() });
    }
    let policy = arguments.policy.0.clone().unwrap_or_default();
    // Written under a temporary name until it is complete, so that a failure doesn't destroy an existing file.
    let partial = partial(output);
    let written =
        write(file, input, policy, &partial).and_then(|()| fs::rename(&partial, output).map_err(Error::file(output)));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written
}

fn partial(output: &Path) -> PathBuf {
    let mut name = OsString::from(output);
    name.push(".partial");
    PathBuf::from(name)
}

fn write(input: File, path: &Path, policy: Policy, output: &Path) -> Result<()> {
    let bar = progress_bar("quantizing", BYTES, Some(input.metadata().map_err(Error::file(path))?.len()));
    let mut quantizer = FileQuantiser::new(policy);
    // Created with the first bytes, so that an input that can't be read or isn't a model creates no file.
    let mut made: Option<BufWriter<File>> = None;
    let mut write = |bytes: &[u8]| {
        let file = match &mut made {
            Some(file) => file,
            None => made.insert(BufWriter::new(File::create(output).map_err(Error::file(output))?)),
        };
        file.write_all(bytes).map_err(Error::file(output))
    };
    pieces(input, path, 0, |piece| {
        quantizer.push(piece, &mut write)?;
        bar.set_position(quantizer.position());
        Ok(true)
    })?;
    quantizer.finish()?;
    bar.finish_and_clear();
    made.map_or(Ok(()), |mut file| file.flush().map_err(Error::file(output)))
}
