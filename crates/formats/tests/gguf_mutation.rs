//! Damaged files: thousands of headers changed at random and thousands of cuts, from a fixed seed. The reader must neither panic
//! nor allocate more than a small multiple of its input, and must report the same for pieces of any size.

use std::{cell::RefCell, collections::BTreeMap, fs};

use wgslm_formats::{
    Error, Result,
    gguf::{Event, Reader, TensorType},
};
use wgslm_testing::{
    allocation::{Counting, peak},
    damage::{damage, for_each_case, piece_limit},
    gguf_read::read,
    gguf_writer::GgufWriter,
    golden,
    random::Random,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const DAMAGED_FILES: u64 = 6_000;
const CUT_FILES: u64 = 4_000;

/// Allocation a byte of input: a byte of an integer array takes eight, sixteen as the array grows, and the array that it
/// outgrew eight more.
const BYTES_PER_BYTE: usize = 24;
/// Allocation that any file may need: messages, small containers.
const BYTES_PER_FILE: usize = 8 << 10;

/// Valid files with everything in their headers that the format has.
fn valid_files() -> Vec<Vec<u8>> {
    let vocabulary: Vec<String> = (0..40).map(|token| format!("tokén {token}")).collect();
    let rich = GgufWriter::new()
        .alignment(64)
        .metadata("general.architecture", "llama")
        .metadata("llama.block_count", 2_u32)
        .metadata("i8", -1_i8)
        .metadata("u16", 1_u16)
        .metadata("i64", -1_i64)
        .metadata("u64", 1_u64)
        .metadata("f64", 0.5_f64)
        .metadata("llama.rope.freq_base", 10_000_f32)
        .metadata("tokenizer.ggml.add_bos_token", false)
        .metadata("tokenizer.ggml.tokens", vocabulary)
        .metadata("tokenizer.ggml.scores", vec![0.25_f32; 40])
        .metadata("tokenizer.ggml.token_type", vec![1_i32; 40])
        .metadata("tokenizer.ggml.precompiled_charsmap", vec![7_u8; 200])
        .metadata("bools", vec![true; 9])
        .tensor("token_embd.weight", TensorType::Q4_0, &[32, 40], &[1; 720])
        .tensor("blk.0.attn_norm.weight", TensorType::F32, &[33], &[2; 132])
        .tensor("blk.0.ffn_up_exps.weight", TensorType::Q8_0, &[32, 2, 3], &[3; 204])
        .tensor("blk.0.attn_q.weight", TensorType::Q6_K, &[256, 1, 1, 1], &[4; 210]);
    let small = GgufWriter::new().metadata("key", "value").tensor("weight", TensorType::BF16, &[3], &[5; 6]);
    let every_type = TensorType::ALL.iter().fold(GgufWriter::new(), |writer, kind| {
        let (name, weights) = (kind.name().to_lowercase(), 2 * kind.block_len() as u64);
        writer.tensor(&name, *kind, &[weights, 3], &vec![6; 6 * kind.block_bytes()])
    });
    let golden = fs::read(golden("quant/tiny-llama-q4_0.gguf")).expect("a readable file");
    vec![rich.clone().finish(), rich.version(2).finish(), small.finish(), every_type.finish(), golden]
}

/// Reads a file to its end or its first error; keeps nothing but the header until then.
fn scan(file: &[u8], random: &mut Random) -> Result<()> {
    let limit = piece_limit(random);
    let (mut reader, mut rest, mut kept) = (Reader::new(), file, None);
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at(random.below(limit).saturating_add(1).min(rest.len()));
        while let Some(event) = reader.read(&mut piece)? {
            if let Event::Header(header) = event {
                kept = Some(header);
            }
        }
        rest = after;
    }
    let result = reader.finish();
    drop(kept);
    result
}

#[test]
fn damaged_files_neither_panic_nor_allocate_much() {
    let mut files = valid_files();
    // Damage goes to headers: of the one large file, keep little more.
    files[3].truncate(8 << 10);
    let outcomes = RefCell::new(BTreeMap::<_, usize>::new());
    for_each_case(DAMAGED_FILES, |random| {
        let mut file = files[random.below(files.len())].clone();
        let other = &files[random.below(files.len())];
        damage(random, &mut file, other);

        let (result, allocated) = peak(|| scan(&file, random));
        let allowed = BYTES_PER_BYTE * file.len() + BYTES_PER_FILE;
        assert!(allocated <= allowed, "{allocated} bytes allocated for a file of {} bytes: {result:?}", file.len());

        let describe = |error: &Error| format!("{} {error}", error.code());
        let whole = read(&file, || usize::MAX);
        let limit = piece_limit(random);
        let pieces = read(&file, || random.below(limit).saturating_add(1));
        match (&whole, &pieces) {
            (Ok(whole), Ok(pieces)) => {
                // By their text, since damaged floats may not equal themselves.
                assert_eq!(format!("{:?}", whole.header), format!("{:?}", pieces.header));
                assert_eq!((&whole.tensors, &whole.completed), (&pieces.tensors, &pieces.completed));
            }
            _ => assert_eq!(whole.as_ref().err().map(describe), pieces.as_ref().err().map(describe)),
        }
        assert_eq!(whole.as_ref().err().map(describe), result.as_ref().err().map(describe));
        *outcomes.borrow_mut().entry(result.as_ref().map_or_else(Error::code, |()| "complete")).or_default() += 1;
    });
    // If damage never got past the magic, or never did harm, the test would show nothing.
    let outcomes = outcomes.into_inner();
    let expected = [
        "complete",
        "invalid-gguf",
        "not-gguf",
        "truncated",
        "unsupported-gguf",
        "unsupported-tensor-type",
        "unsupported-version",
    ];
    assert!(outcomes.keys().eq(&expected), "{outcomes:?}");
}

#[test]
fn cut_files_are_truncated_where_they_were_cut() {
    let files: Vec<(Vec<u8>, usize)> = valid_files()
        .into_iter()
        .map(|file| {
            let len = read(&file, || usize::MAX).expect("a valid file").header.file_len();
            (file, len as usize)
        })
        .collect();
    for_each_case(CUT_FILES, |random| {
        let (file, len) = &files[random.below(files.len())];
        // Half of the cuts go to the header, which is a small part of the large file.
        let len = if random.below(2) == 0 { *len } else { (*len).min(8 << 10) };
        let cut = random.below(len);
        let (result, allocated) = peak(|| scan(&file[..cut], random));
        assert!(allocated <= BYTES_PER_BYTE * cut + BYTES_PER_FILE, "{allocated} bytes allocated for {cut}");
        match result {
            Err(Error::Truncated { offset, .. }) => assert_eq!(offset, cut as u64),
            other => panic!("cut at {cut}: {other:?}"),
        }
    });
}

/// Counts and lengths at the edge of what is accepted, with nothing behind them.
#[test]
fn announced_lengths_allocate_nothing() {
    let array = |kind: u32| [&kind.to_le_bytes()[..], &(1_u64 << 22).to_le_bytes()].concat();
    let files = [
        // Without its padding, which reads as an empty key.
        GgufWriter::new().counts(1 << 16, 1 << 16).finish()[..24].to_vec(),
        GgufWriter::new().counts(1 << 16, 0).finish(),
        GgufWriter::new().raw_metadata(b"key", 9, &array(0)).finish(),
        GgufWriter::new().raw_metadata(b"key", 9, &array(8)).finish(),
        GgufWriter::new().raw_metadata(b"key", 8, &(60_u64 << 20).to_le_bytes()).finish(),
        GgufWriter::new().raw_tensor("weight", TensorType::F32.id(), &[1 << 40], 0).finish(),
    ];
    for file in files {
        let (result, allocated) = peak(|| scan(&file, &mut Random::new(0)));
        assert_eq!(result.expect_err("a file without what it announces").code(), "truncated");
        assert!(allocated < 4096, "{allocated} bytes allocated for a file of {} bytes", file.len());
    }
}
