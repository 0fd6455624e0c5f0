//! Reads the files of a folder in order: config.json, the tokenizer's files, the index of shards, and the shards' headers.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;

use super::config::{self, Config};
use super::model_types::ModelType;
use super::rope::Factors;
use super::{assemble, json, keys, sentence};
use crate::foreign::{is_page, told_by};
use crate::gguf::{Metadata, TensorInfo, TensorType, Value, skip};
use crate::layout::{Constant, DataFile, Format, Headers, Model, ModelFile, ModelHeader, TokenizerFiles};
use crate::safetensors::{Entry, HeaderReader, extents_of};
use crate::{Error, Result};

const GENERATION_CONFIG: &str = "generation_config.json";
const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const CHAT_TEMPLATE: &str = "chat_template.jinja";
const CHAT_TEMPLATE_JSON: &str = "chat_template.json";
const INDEX: &str = "model.safetensors.index.json";
const SINGLE: &str = "model.safetensors";

/// The files that are read whole, in order, and their largest sizes in bytes. Only config.json is required.
const WHOLE: [(&str, usize); 9] = [
    (config::FILE, 4 << 20),
    (GENERATION_CONFIG, 1 << 20),
    (TOKENIZER, 128 << 20),
    (TOKENIZER_CONFIG, 32 << 20),
    (CHAT_TEMPLATE, 4 << 20),
    (CHAT_TEMPLATE_JSON, 4 << 20),
    (sentence::MODULES, 1 << 20),
    (sentence::POOLING, 1 << 20),
    (INDEX, 64 << 20),
];

/// The key of the tokens that end an answer, in generation_config.json and, where that doesn't have it, in config.json.
const STOP_TOKENS: &str = "eos_token_id";

/// The most files with tensors.
const MAX_SHARDS: usize = 4096;

/// Reads the headers of a folder.
pub(crate) struct Folder {
    /// The number of files of [`WHOLE`] that are done.
    whole: usize,
    gathered: Vec<u8>,
    files: Vec<ModelFile>,
    model: Option<Described>,
    tokenizer: TokenizerFiles,
    /// The number of the pooling in GGUF, where a file gives one.
    pooling: Option<u64>,
    /// The file of each tensor by the tensor's name, where there is an index.
    weight_map: Option<HashMap<String, String>>,
    /// The names of the files with tensors.
    shards: Vec<String>,
    reader: HeaderReader,
    /// The shards whose headers have been read: their tensors, and the start of their data.
    read: Vec<(Vec<Entry>, u64)>,
}

/// The model as config.json describes it.
struct Described {
    kind: &'static ModelType,
    metadata: Metadata,
    factors: Vec<Factors>,
    tied_head: bool,
}

#[derive(Deserialize)]
struct Index {
    weight_map: HashMap<String, String>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self {
            whole: 0,
            gathered: Vec::new(),
            files: Vec::new(),
            model: None,
            tokenizer: TokenizerFiles::default(),
            pooling: None,
            weight_map: None,
            shards: vec![SINGLE.to_owned()],
            reader: HeaderReader::new(SINGLE),
            read: Vec::new(),
        }
    }

    /// Takes the contents of a file that is read whole.
    fn take(&mut self, file: &str, bytes: Vec<u8>) -> Result<()> {
        match file {
            config::FILE => {
                let config = Config::parse(file, &bytes)?;
                // Errors in config.json are reported before anything else is fetched.
                let kind = keys::model_type(&config)?;
                let (metadata, factors) = keys::metadata(kind, &config)?;
                let tied_head = kind.tied_head || config.flag("tie_word_embeddings")?.unwrap_or(false);
                self.model = Some(Described { kind, metadata, factors, tied_head });
                self.tokenizer.stop_tokens = config.tokens(STOP_TOKENS)?.unwrap_or_default();
            }
            GENERATION_CONFIG => {
                let config = Config::parse(file, &bytes)?;
                if let Some(tokens) = config.tokens(STOP_TOKENS)? {
                    self.tokenizer.stop_tokens = tokens;
                }
                self.tokenizer.suppressed_tokens = config.tokens("suppress_tokens")?.unwrap_or_default();
            }
            TOKENIZER => self.tokenizer.tokenizer = bytes,
            TOKENIZER_CONFIG => self.tokenizer.config = Some(bytes),
            CHAT_TEMPLATE => {
                let text = String::from_utf8(bytes);
                let reason = "it is not UTF-8 text".to_owned();
                let text = text.map_err(|_| Error::InvalidConfig { file: file.to_owned(), reason })?;
                self.tokenizer.chat_template = Some(text);
            }
            // Older folders keep the template here.
            CHAT_TEMPLATE_JSON => {
                let template = Config::parse(file, &bytes)?.text("chat_template")?;
                self.tokenizer.chat_template = self.tokenizer.chat_template.take().or(template);
            }
            sentence::MODULES => sentence::check_modules(&bytes)?,
            sentence::POOLING => self.pooling = Some(sentence::pooling_type(&bytes)?),
            _ => {
                let Index { weight_map } = json::parse(file, &bytes)?;
                self.shards = shards(&weight_map)?;
                self.weight_map = Some(weight_map);
            }
        }
        Ok(())
    }

    /// Moves on to the next file.
    fn advance(&mut self) {
        let embeds = self.model.as_ref().is_some_and(|model| model.kind.embeds);
        let of_no_use = |file: &str| !embeds && [sentence::MODULES, sentence::POOLING].contains(&file);
        self.whole = (self.whole + 1).min(WHOLE.len());
        while WHOLE.get(self.whole).is_some_and(|(file, _)| of_no_use(file)) {
            self.whole += 1;
        }
        if self.whole == WHOLE.len()
            && let Some(shard) = self.shards.get(self.read.len())
        {
            self.reader = HeaderReader::new(shard);
        }
    }

    /// Checks the tensors of a file against the index.
    fn check(&self, file: &str, entries: &[Entry]) -> Result<()> {
        let Some(map) = &self.weight_map else { return Ok(()) };
        let wrong = |reason: String| Err(Error::WrongPart { file: file.to_owned(), reason });
        let astray = entries.iter().find(|entry| map.get(&entry.name).map(String::as_str) != Some(file));
        if let Some(entry) = astray {
            return wrong(format!("{INDEX} doesn't have {} in it", entry.name));
        }
        let announced = map.values().filter(|name| *name == file).count();
        if announced != entries.len() {
            return wrong(format!("it has {} tensors, and {INDEX} says {announced}", entries.len()));
        }
        Ok(())
    }
}

/// The file names of an index, in order. Each must be the name of a file beside the index, not a path.
fn shards(weight_map: &HashMap<String, String>) -> Result<Vec<String>> {
    let names: BTreeSet<&String> = weight_map.values().collect();
    let invalid = |reason| Err(Error::InvalidConfig { file: INDEX.to_owned(), reason });
    if names.is_empty() || names.len() > MAX_SHARDS {
        return invalid(format!("it names {} files; it should name 1 to {MAX_SHARDS}", names.len()));
    }
    let plain = |name: &str| {
        name.ends_with(".safetensors")
            && !name.starts_with('.')
            && !name.contains(['/', '\\', ':', '?', '#', '%', '\0'])
    };
    match names.iter().find(|name| !plain(name)) {
        Some(name) => invalid(format!("{name:?} is not the name of a safetensors file beside it")),
        None => Ok(names.into_iter().cloned().collect()),
    }
}

impl Headers for Folder {
    fn wanted(&self) -> Option<(String, bool)> {
        match WHOLE.get(self.whole) {
            Some((file, _)) => Some(((*file).to_owned(), *file != config::FILE)),
            None => self.shards.get(self.read.len()).map(|shard| (shard.clone(), false)),
        }
    }

    fn read(&mut self, input: &mut &[u8], position: &mut u64) -> Result<bool> {
        if let Some((file, limit)) = WHOLE.get(self.whole) {
            self.gathered.extend_from_slice(input);
            skip(input, position, usize::MAX);
            if self.gathered.len() > *limit {
                let reason = format!("it is longer than the {limit} bytes that are read");
                return Err(Error::InvalidConfig { file: (*file).to_owned(), reason });
            }
            return Ok(false);
        }
        let before = self.reader.position();
        let entries = self.reader.read(input)?;
        *position += self.reader.position() - before;
        let Some(entries) = entries else { return Ok(false) };
        self.check(&self.shards[self.read.len()], &entries)?;
        self.read.push((entries, self.reader.position()));
        self.advance();
        Ok(true)
    }

    fn end(&mut self, position: u64) -> Result<()> {
        let Some((file, _)) = WHOLE.get(self.whole) else { return Err(self.reader.ended_early()) };
        let bytes = std::mem::take(&mut self.gathered);
        if let Some(what) = told_by(&bytes) {
            // Servers of single-page applications answer with their page for any missing file.
            if is_page(&bytes) && *file != config::FILE {
                tracing::warn!(file, "{what}; the model goes without it");
                self.advance();
                return Ok(());
            }
            return Err(Error::InvalidConfig { file: (*file).to_owned(), reason: what.to_owned() });
        }
        self.take(file, bytes)?;
        self.files.push(ModelFile { name: (*file).to_owned(), bytes: position });
        self.advance();
        Ok(())
    }

    fn absent(&mut self) -> Result<()> {
        match self.wanted() {
            Some((_, true)) => {
                self.advance();
                Ok(())
            }
            wanted => Err(Error::MissingFile { file: wanted.map(|(file, _)| file).unwrap_or_default() }),
        }
    }

    fn finish(self: Box<Self>) -> Result<Model> {
        let Some(Described { kind, mut metadata, factors, tied_head }) = self.model else {
            return Err(Error::MissingFile { file: config::FILE.to_owned() });
        };
        if let Some(pooling) = self.pooling {
            metadata.insert(format!("{}.pooling_type", kind.architecture), Value::U64(pooling));
        }
        let shards: Vec<_> = self.shards.iter().map(String::as_str).zip(self.read.iter()).collect();
        let entries: Vec<_> = shards.iter().map(|(name, (entries, _))| (*name, entries.as_slice())).collect();
        let assemble::Tensors { mut tensors, pieces } = assemble::tensors(kind, tied_head, &metadata, &entries)?;

        let mut files = self.files;
        let mut data = Vec::new();
        for ((name, (entries, data_offset)), pieces) in shards.into_iter().zip(pieces) {
            let bytes = entries.last().map_or(0, |last| last.offset + last.bytes);
            files.push(ModelFile { name: name.to_owned(), bytes: data_offset + bytes });
            data.push(DataFile::new(name.to_owned(), *data_offset, extents_of(entries, *data_offset), pieces));
        }
        let mut constants = Vec::new();
        for factor in factors {
            let bytes: Vec<u8> = factor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            constants.push(Constant { tensor: tensors.len(), bytes });
            tensors.push(TensorInfo {
                name: factor.name.to_owned(),
                kind: TensorType::F32,
                shape: vec![factor.values.len() as u64],
                offset: 0,
                bytes: 4 * factor.values.len() as u64,
            });
        }
        let tokenizer = (!self.tokenizer.tokenizer.is_empty()).then_some(self.tokenizer);
        let header = ModelHeader { format: Format::HuggingFace, metadata, tensors, files, tokenizer };
        Ok(Model { header, files: data, constants })
    }
}
