//! Quantises a GGUF file into another, piece by piece.

use wgslm_shaders::WeightFormat;

use super::{Conversion, Plan, Policy, Stored};
use crate::gguf::{Event, Header, Reader, TensorInfo, TensorType, rewritten_head};
use crate::{Error, Result};

/// Rewrites a GGUF file under a policy as its bytes arrive; neither file is ever whole in memory. Metadata keep their values and
/// types, except `general.file_type` and `general.quantization_version`, and tensors keep their order.
pub struct FileQuantiser {
    policy: Policy,
    reader: Reader,
    /// The bytes before the tensors, until all of them have arrived.
    head: Vec<u8>,
    tensors: Vec<Rewritten>,
    begun: bool,
    alignment: usize,
    /// The bytes of the current tensor that don't fill a batch of rows yet.
    pending: Vec<u8>,
}

/// The tensor that is being rewritten.
struct Rewritten {
    bytes: u64,
    /// The number of bytes that are converted at a time: whole rows.
    batch: usize,
    conversion: Option<Conversion>,
    padding: usize,
}

/// The approximate number of bytes that are converted at a time.
const BATCH_BYTES: usize = 256 << 10;

impl FileQuantiser {
    /// Rewrites a file under `policy`.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            reader: Reader::new(),
            head: Vec::new(),
            tensors: Vec::new(),
            begun: false,
            alignment: 1,
            pending: Vec::new(),
        }
    }

    /// The number of bytes taken so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.reader.position()
    }

    /// Takes the next bytes of the file, and passes the bytes of the new file that they give to `write`: for the first time once
    /// the header has been read and the policy accepted.
    ///
    /// # Errors
    /// Errors of the file ([`Reader::read`]), [`Error::AlreadyQuantised`], [`Error::NoGgufType`], and all errors of `write`.
    pub fn push<E: From<Error>>(
        &mut self,
        mut bytes: &[u8],
        write: &mut impl FnMut(&[u8]) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        if !self.begun {
            self.head.extend_from_slice(bytes);
        }
        while let Some(event) = self.reader.read(&mut bytes)? {
            match event {
                Event::Header(header) => {
                    self.head.truncate(usize::try_from(self.reader.position()).unwrap_or(usize::MAX));
                    write(&self.begin(&header)?)?;
                }
                Event::Data { tensor, offset, bytes } => self.data(tensor, offset, bytes, write)?,
            }
        }
        Ok(())
    }

    /// Checks that the file was complete.
    ///
    /// # Errors
    /// [`Error::Truncated`] where bytes are missing.
    pub fn finish(self) -> Result<()> {
        self.reader.finish()
    }

    /// Plans the type of each tensor; returns the head of the new file.
    fn begin(&mut self, header: &Header) -> Result<Vec<u8>> {
        self.begun = true;
        let plan = Plan::new(&self.policy, &header.tensors)?;
        let types = header.tensors.iter().map(|tensor| gguf_type(plan.of(tensor))).collect::<Result<Vec<_>>>()?;
        self.alignment = header.alignment as usize;
        let mut tensors = header.tensors.clone();
        // Tensors come in file order, which may not be the directory's.
        let mut order: Vec<usize> = (0..tensors.len()).collect();
        order.sort_by_key(|index| header.tensors[*index].offset);
        let mut offset = 0;
        for index in order {
            let tensor = &mut tensors[index];
            tensor.kind = types[index];
            tensor.bytes = tensor.row_bytes().saturating_mul(tensor.rows());
            tensor.offset = offset;
            offset = (offset + tensor.bytes).next_multiple_of(u64::from(header.alignment));
        }
        let rewritten = |(old, new): (&TensorInfo, &TensorInfo)| {
            let row_bytes = (old.row_bytes() as usize).max(1);
            Rewritten {
                bytes: old.bytes,
                batch: (BATCH_BYTES / row_bytes).max(1) * row_bytes,
                conversion: Conversion::new(old.kind, new.kind, old.row_len() as usize),
                padding: (new.bytes.next_multiple_of(u64::from(header.alignment)) - new.bytes) as usize,
            }
        };
        self.tensors = header.tensors.iter().zip(&tensors).map(rewritten).collect();
        rewritten_head(&std::mem::take(&mut self.head), header, &tensors)
    }

    fn data<E: From<Error>>(
        &mut self,
        tensor: usize,
        offset: u64,
        bytes: &[u8],
        write: &mut impl FnMut(&[u8]) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let Some(Rewritten { bytes: size, batch, conversion, padding }) = self.tensors.get(tensor) else {
            return Ok(());
        };
        let ends = offset + bytes.len() as u64 == *size;
        if let Some(conversion) = conversion {
            self.pending.extend_from_slice(bytes);
            let whole = if ends { self.pending.len() } else { self.pending.len() / batch * batch };
            for batch in self.pending[..whole].chunks(*batch) {
                write(&conversion.rows(batch))?;
            }
            self.pending.drain(..whole);
        } else {
            write(bytes)?;
        }
        if ends { write(&vec![0; *padding]) } else { Ok(()) }
    }
}

/// The GGUF type of weights that are stored as `stored`.
fn gguf_type(stored: Stored) -> Result<TensorType> {
    let none =
        |kind: &str, instead: &str| Err(Error::NoGgufType { kind: kind.to_owned(), instead: instead.to_owned() });
    match stored {
        Stored::Blocks(kind) => Ok(kind),
        Stored::Quantised(WeightFormat::Q8_0) => Ok(TensorType::Q8_0),
        Stored::Quantised(WeightFormat::Q4_0) => Ok(TensorType::Q4_0),
        Stored::Quantised(WeightFormat::NF4) => none("nf4", "q4"),
        Stored::Quantised(_) => none("doubly quantised scales", "a policy without them"),
    }
}
