//! Measures building a tokenizer from a GGUF file's header, and encoding 10 kB of text.
//!
//! Natively `cargo bench -p wgslm-text --bench tokenizer -- MODEL.gguf`; as WebAssembly through `tokenizer.mjs`, which takes the
//! times, since there is no clock inside.

use wgslm_formats::gguf::{Event, Metadata, Reader};
use wgslm_text::{Special, Tokenizer};

/// The first 10 kB of the readme, repeated where it is shorter.
fn text() -> String {
    let mut text = include_str!("../../../README.md").repeat(10);
    let end = (0..=10_000).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.truncate(end);
    text
}

/// Reads the header at the start of a file.
fn metadata(bytes: &[u8]) -> Metadata {
    let mut reader = Reader::new();
    match reader.read(&mut &*bytes) {
        Ok(Some(Event::Header(header))) => header.metadata,
        _ => panic!("a GGUF file's header should come first, and whole"),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    use std::io::Read as _;
    use std::time::Instant;

    let Some(path) = std::env::args().skip(1).find(|argument| !argument.starts_with("--")) else { return };
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(64 << 20).read_to_end(&mut bytes)).expect("a GGUF file");
    let text = text();
    for _ in 0..5 {
        let start = Instant::now();
        let mut metadata = metadata(&bytes);
        let read = start.elapsed();
        let tokenizer = Tokenizer::from_metadata(&mut metadata).expect("a tokenizer");
        let built = start.elapsed();
        let tokens = tokenizer.encode(&text, Special::Parse).expect("tokens");
        let encoded = start.elapsed();
        println!(
            "header {:.1} ms, tokenizer {:.1} ms, {} tokens of {} bytes {:.2} ms",
            read.as_secs_f64() * 1e3,
            (built - read).as_secs_f64() * 1e3,
            tokens.len(),
            text.len(),
            (encoded - built).as_secs_f64() * 1e3
        );
    }
}

#[cfg(target_arch = "wasm32")]
fn main() {}

// Exporting functions by name, and reading memory that JavaScript has written, count as unsafe.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod exports {
    use std::cell::RefCell;

    use super::{Metadata, Special, Tokenizer, metadata, text};

    thread_local! {
        static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        static METADATA: RefCell<Option<Metadata>> = const { RefCell::new(None) };
        static TOKENIZER: RefCell<Option<Tokenizer>> = const { RefCell::new(None) };
    }

    /// Makes room for the start of a file and returns the address.
    #[unsafe(no_mangle)]
    extern "C" fn room(length: usize) -> *mut u8 {
        BYTES.with_borrow_mut(|bytes| {
            bytes.resize(length, 0);
            bytes.as_mut_ptr()
        })
    }

    #[unsafe(no_mangle)]
    extern "C" fn read_header() {
        METADATA.set(Some(BYTES.with_borrow(|bytes| metadata(bytes))));
    }

    #[unsafe(no_mangle)]
    extern "C" fn build() {
        let mut metadata = METADATA.take().expect("a header");
        TOKENIZER.set(Some(Tokenizer::from_metadata(&mut metadata).expect("a tokenizer")));
    }

    #[unsafe(no_mangle)]
    extern "C" fn encode() -> usize {
        let encode = |tokenizer: &Option<Tokenizer>| tokenizer.as_ref()?.encode(&text(), Special::Parse).ok();
        TOKENIZER.with_borrow(encode).expect("tokens").len()
    }
}
