//! Recognises files that aren't models, by their first bytes or their names.

/// The number of leading bytes that [`told_by`] looks at.
pub(crate) const LONGEST: usize = LFS_POINTER.len();

const LFS_POINTER: &str = "version https://git-lfs";
const HTML: &str = "it is an HTML page, which servers send where a file is missing or needs a login";
const OLD: &str = "it has a format older than GGUF; convert the model again with a current llama.cpp";

/// The first bytes of such files in lower case, and a description of each kind.
const BEGINNINGS: [(&str, &str); 8] = [
    (LFS_POINTER, "it is a Git LFS pointer in place of the file; run `git lfs pull` where it was cloned"),
    ("<!doctype", HTML),
    ("<html", HTML),
    ("entry not found", "it is a hub's answer that there is no such file"),
    ("pk\u{3}\u{4}", "it is a ZIP archive, as PyTorch writes; convert the model to safetensors or GGUF"),
    ("lmgg", OLD),
    ("fmgg", OLD),
    ("tjgg", OLD),
];

/// Describes a file that begins with `start` and isn't a model; `None` where it isn't recognised. Four bytes are enough for most.
pub(crate) fn told_by(start: &[u8]) -> Option<&'static str> {
    let start = start.trim_ascii_start();
    let start = start.get(..LONGEST).unwrap_or(start).to_ascii_lowercase();
    let begins = |beginning: &[u8]| start.len() >= 4 && (start.starts_with(beginning) || beginning.starts_with(&start));
    BEGINNINGS.iter().find(|(beginning, _)| begins(beginning.as_bytes())).map(|(_, what)| *what)
}

/// True if a file that begins with `start` is an HTML page.
pub(crate) fn is_page(start: &[u8]) -> bool {
    told_by(start) == Some(HTML)
}

/// The endings of weight files in unsupported formats, and the frameworks that write them, the likeliest first.
const ENDINGS: [(&str, &str); 7] = [
    (".bin", PYTORCH),
    (".pt", PYTORCH),
    (".pth", PYTORCH),
    (".ckpt", PYTORCH),
    (".h5", "Keras"),
    (".msgpack", "Flax"),
    (".onnx", "ONNX"),
];
const PYTORCH: &str = "PyTorch";

/// Describes the unsupported format of the weights among `names`; `None` where there are no such weights.
pub(crate) fn told_by_names(names: &[&str]) -> Option<String> {
    // Other files, such as the state of a training run, have the same endings as weights.
    let is_model = |name: &&str| name.contains("model");
    let with = |ending: &str| names.iter().copied().filter(|name| name.ends_with(ending)).max_by_key(is_model);
    let (name, writer) = ENDINGS.iter().find_map(|(ending, writer)| Some((with(ending)?, *writer)))?;
    let hint = match writer {
        PYTORCH => " (Hugging Face's transformers convert them to safetensors: from_pretrained, then save_pretrained)",
        _ => "",
    };
    Some(format!("{name} has its weights as {writer} keeps them, which is not supported{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_pages_and_archives_are_told() {
        for (start, part) in [
            (&b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a"[..], Some("git lfs pull")),
            (b"vers", Some("git lfs pull")),
            (b"version ", Some("git lfs pull")),
            (b"<!DOCTYPE html>\n<html>", Some("HTML page")),
            (b"\n\n  <html lang=en>", Some("HTML page")),
            (b"<!do", Some("HTML page")),
            (b"<htm", Some("HTML page")),
            (b"Entry not found", Some("no such file")),
            (b"PK\x03\x04\0\0", Some("PyTorch")),
            (b"tjgg", Some("older than GGUF")),
            (b"GGUF", None),
            (b"vertical", None),
            (b"{\"model_type\": \"llama\"}", None),
            (b"<", None),
            (b"", None),
        ] {
            let found = told_by(start);
            match part {
                Some(part) => assert!(found.is_some_and(|found| found.contains(part)), "{start:?}: {found:?}"),
                None => assert_eq!(found, None, "{start:?}"),
            }
        }
    }

    #[test]
    fn weights_in_other_formats_are_named() {
        for (names, named) in [
            (&["config.json", "optimizer.pt", "training_args.bin", "pytorch_model.bin"][..], Some("pytorch_model.bin")),
            (&["config.json", "pytorch_model-00001-of-00002.bin"], Some("pytorch_model-00001-of-00002.bin")),
            (&["config.json", "tf_model.h5"], Some("tf_model.h5")),
            (&["consolidated.00.pth", "params.json"], Some("consolidated.00.pth")),
            (&["config.json", "tokenizer.json"], None),
        ] {
            let found = told_by_names(names);
            let begins = |found: &str| named.is_some_and(|named| found.starts_with(named));
            assert_eq!(found.as_deref().is_some_and(begins), named.is_some(), "{names:?}: {found:?}");
            assert_eq!(found.is_some(), named.is_some(), "{names:?}: {found:?}");
        }
    }
}
