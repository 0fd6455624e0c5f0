//! Reads GGUF files with the streaming reader.

use std::io::Read as _;
use std::path::Path;

use wgslm_formats::Result;
use wgslm_formats::gguf::{Event, Header, Metadata, Reader};

/// The contents of a GGUF file.
#[derive(Debug, PartialEq)]
pub struct File {
    /// The file's header.
    pub header: Header,
    /// The bytes of each tensor, in the order of the tensor directory.
    pub tensors: Vec<Vec<u8>>,
    /// The indices of the tensors in the order in which they were complete.
    pub completed: Vec<usize>,
}

/// Reads a file in pieces of the sizes that `next_size` returns, and checks that the reader gives the header first and once,
/// gives the bytes of each tensor in order, and consumes every piece.
pub fn read(bytes: &[u8], mut next_size: impl FnMut() -> usize) -> Result<File> {
    let mut reader = Reader::new();
    let mut file: Option<File> = None;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at(next_size().clamp(1, rest.len()));
        while let Some(event) = reader.read(&mut piece)? {
            match event {
                Event::Header(header) => {
                    let tensors = vec![Vec::new(); header.tensors.len()];
                    assert!(file.replace(File { header, tensors, completed: Vec::new() }).is_none(), "a second header");
                }
                Event::Data { tensor, offset, bytes } => {
                    let file = file.as_mut().expect("the header comes first");
                    assert!(!bytes.is_empty());
                    assert_eq!(offset, file.tensors[tensor].len() as u64);
                    file.tensors[tensor].extend_from_slice(bytes);
                    if offset + bytes.len() as u64 == file.header.tensors[tensor].bytes {
                        file.completed.push(tensor);
                    }
                }
            }
        }
        assert!(piece.is_empty(), "a piece that is not used up");
        rest = after;
        assert_eq!(reader.position(), (bytes.len() - rest.len()) as u64);
    }
    reader.finish()?;
    Ok(file.expect("a complete file has a header"))
}

/// Reads a file in pieces of one size.
pub fn read_in_pieces(bytes: &[u8], size: usize) -> Result<File> {
    read(bytes, || size)
}

/// The metadata of a model, without reading on to its tensors; panics if it can't be read.
pub fn metadata(path: &Path) -> Metadata {
    let mut file = std::fs::File::open(path).expect("the model is there");
    let mut reader = Reader::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let length = file.read(&mut piece).expect("the model can be read");
        assert_ne!(length, 0, "the model ends inside its header");
        if let Some(Event::Header(header)) = reader.read(&mut &piece[..length]).expect("the header is right") {
            return header.metadata;
        }
    }
}
