//! Reads a file ahead, in pieces, on several threads.

use std::fs::File;
use std::io::{self, Read as _};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

use crate::error::{Error, Result};

/// Bytes of a piece; the unit in which the loader gets them. It stays in a processor's cache.
const PIECE: usize = 1 << 20;
/// The most threads that read.
const READERS: usize = 4;
/// The most pieces that a thread reads ahead.
const PIECES_AHEAD: usize = 2;

/// A thread that reads each so many pieces one, with the buffers that go to and fro.
struct Reader {
    read: Receiver<io::Result<Vec<u8>>>,
    used: Sender<Vec<u8>>,
}

/// Reads the file at `path` from `offset` to its end or until `take`, which gets its pieces in their order, returns false.
pub(crate) fn pieces(file: File, path: &Path, offset: u64, mut take: impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    // A pipe can only be read on.
    let is_file = offset > 0 || file.metadata().is_ok_and(|file| file.is_file());
    let threads = thread::available_parallelism().map_or(1, NonZero::get).clamp(1, READERS);
    let (read_some, count): (ReadSome, _) = if is_file { (read_at, threads) } else { (read_on, 1) };
    let file = Arc::new(file);
    let readers: Vec<Reader> = (0..count).map(|index| reader(&file, read_some, offset, (index, count))).collect();
    for Reader { read, used } in readers.iter().cycle() {
        // A thread that has ended has reached the end of the file.
        let Ok(piece) = read.recv() else { break };
        let piece = piece.map_err(Error::file(path))?;
        if piece.is_empty() || !take(&piece)? {
            break;
        }
        // A thread that has ended needs no buffers.
        let _ = used.send(piece);
    }
    Ok(())
}

/// Starts the thread `index` of `count`.
fn reader(file: &Arc<File>, read_some: ReadSome, offset: u64, (index, count): (usize, usize)) -> Reader {
    let (read_sender, read): (SyncSender<io::Result<Vec<u8>>>, _) = mpsc::sync_channel(PIECES_AHEAD);
    let (used, used_receiver) = mpsc::channel::<Vec<u8>>();
    let file = Arc::clone(file);
    thread::spawn(move || {
        for number in (index as u64..).step_by(count) {
            let mut piece = used_receiver.try_recv().unwrap_or_default();
            piece.resize(PIECE, 0);
            let read = fill(&file, read_some, offset + number * PIECE as u64, &mut piece);
            let ended = read.as_ref().map_or(true, |length| *length < PIECE);
            let read = read.map(|length| {
                piece.truncate(length);
                piece
            });
            // Sending fails once `take` has returned false.
            if read_sender.send(read).is_err() || ended {
                break;
            }
        }
    });
    Reader { read, used }
}

/// Reads from `offset` on until `bytes` is full or the file ends; returns the number of bytes read.
fn fill(file: &File, read_some: ReadSome, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match read_some(file, offset + filled as u64, &mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads some bytes from an offset on.
type ReadSome = fn(&File, u64, &mut [u8]) -> io::Result<usize>;

fn read_on(mut file: &File, _: u64, bytes: &mut [u8]) -> io::Result<usize> {
    file.read(bytes)
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, offset)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn pieces_come_in_order_and_end_with_the_file() {
        let path = std::env::temp_dir().join(format!("wgslm-read-ahead-{}", std::process::id()));
        for length in [0, 1, PIECE - 1, PIECE, 9 * PIECE, 9 * PIECE + 5] {
            let bytes: Vec<u8> = (0..length).map(|place| (place / 1000 % 251) as u8).collect();
            fs::write(&path, &bytes).expect("a writable folder");
            for offset in [0, 7, length] {
                let mut read = Vec::new();
                let append = |piece: &[u8]| {
                    read.extend_from_slice(piece);
                    Ok(true)
                };
                pieces(File::open(&path).expect("it is there"), &path, offset as u64, append).expect("it is readable");
                assert!(read == bytes.get(offset..).unwrap_or_default(), "{length} bytes from {offset}");
            }
        }
        let mut calls = 0;
        let stop = |_: &[u8]| {
            calls += 1;
            Ok(calls < 3)
        };
        pieces(File::open(&path).expect("it is there"), &path, 0, stop).expect("it is readable");
        assert_eq!(calls, 3, "nothing comes after an end");
        fs::remove_file(&path).expect("it is there");
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let folder = std::env::temp_dir();
        let Ok(file) = File::open(&folder) else { return };
        let error = pieces(file, &folder, 0, |_| Ok(true)).expect_err("it is no file");
        assert!(error.to_string().contains(&*folder.to_string_lossy()), "{error}");
    }
}
