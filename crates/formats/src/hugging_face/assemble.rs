//! Maps the tensors of safetensors files to those of a GGUF model: names, shapes, stacked experts and rewritten bytes.

use std::collections::{HashMap, HashSet};

use super::model_types::ModelType;
use super::names::{Fate, fate};
use crate::gguf::{Metadata, TensorInfo, TensorType};
use crate::layout::{Piece, Rewrite};
use crate::safetensors::Entry;
use crate::{Error, Result};

/// The name of a tensor's file, for errors, and the tensor's entry.
pub(super) type Found<'a> = (&'a str, &'a Entry);

/// The model's tensors, and for each file the piece of the model that each of its entries is.
pub(super) struct Tensors {
    pub(super) tensors: Vec<TensorInfo>,
    pub(super) pieces: Vec<Vec<Piece>>,
}

/// Maps the tensors of `files` to the model's tensors.
pub(super) fn tensors(
    model: &ModelType,
    tied_head: bool,
    metadata: &Metadata,
    files: &[(&str, &[Entry])],
) -> Result<Tensors> {
    let experts = metadata.u32(&format!("{}.expert_count", model.architecture))?.unwrap_or_default();
    let mut all = Tensors { tensors: Vec::new(), pieces: Vec::new() };
    // Tensors that stack several experts, by name: their index, and the experts found so far.
    let mut stacks: HashMap<String, (usize, HashSet<u64>)> = HashMap::new();
    let mut names = HashSet::new();
    let mut not_run = Vec::new();
    for (file, entries) in files {
        let mut pieces = Vec::with_capacity(entries.len());
        for entry in *entries {
            let found = (*file, entry);
            pieces.push(match fate(model, tied_head, &entry.name) {
                Fate::LeftOut => Piece::LEFT_OUT,
                Fate::NotRun => {
                    not_run.push(entry.name.as_str());
                    Piece::LEFT_OUT
                }
                Fate::Unknown => return Err(unknown(model, found)),
                Fate::Whole(name) => {
                    if !names.insert(name.clone()) {
                        return Err(damaged(found, &format!("another tensor is {name} of GGUF already")));
                    }
                    let rewrite = rewrite(model, metadata, &name, found)?;
                    all.tensors.push(info(name, rewrite, None, found)?);
                    Piece { tensor: Some(all.tensors.len() - 1), offset: 0, rewrite }
                }
                Fate::Expert(name, expert) => {
                    if expert >= u64::from(experts) {
                        return Err(damaged(found, &format!("config.json says that there are {experts} experts")));
                    }
                    let wanted = info(name.clone(), Rewrite::None, Some(experts.into()), found)?;
                    let (tensor, come) = stacks.entry(name).or_insert_with(|| {
                        all.tensors.push(wanted.clone());
                        (all.tensors.len() - 1, HashSet::new())
                    });
                    let other = &all.tensors[*tensor];
                    if (other.kind, &other.shape) != (wanted.kind, &wanted.shape) {
                        return Err(damaged(found, "its type and shape are not those of the other experts"));
                    }
                    if !come.insert(expert) {
                        return Err(damaged(found, "another tensor is that expert already"));
                    }
                    Piece { tensor: Some(*tensor), offset: expert * entry.bytes, rewrite: Rewrite::None }
                }
            });
        }
        all.pieces.push(pieces);
    }
    if let Some(first) = not_run.first() {
        let tensors = not_run.len();
        tracing::warn!(first, tensors, "parts of the model aren't run; answers to text don't need them");
    }
    let whole = |(_, come): &&(usize, HashSet<u64>)| come.len() as u64 == u64::from(experts);
    if let Some((tensor, come)) = stacks.values().find(|stack| !whole(stack)) {
        let expert = (0..u64::from(experts)).find(|expert| !come.contains(expert)).unwrap_or_default();
        return Err(Error::MissingTensor { tensor: format!("{} of expert {expert}", all.tensors[*tensor].name) });
    }
    Ok(all)
}

/// The entry of GGUF's tensor `name`, with a dimension of `experts` where these are given.
fn info(name: String, rewrite: Rewrite, experts: Option<u64>, found: Found<'_>) -> Result<TensorInfo> {
    let (_, entry) = found;
    let unsupported = || Error::UnsupportedTensorType {
        tensor: entry.name.clone(),
        kind: entry.dtype.clone(),
        supported: "F32, F16, BF16".to_owned(),
    };
    let kind = rewrite.kind(entry.kind().ok_or_else(unsupported)?);
    let mut shape: Vec<u64> = entry.shape.iter().rev().copied().collect();
    // A depthwise convolution has an extra dimension of 1: the input channels of each channel.
    if name.ends_with("shortconv.conv.weight") && shape.len() == 3 && shape[1] == 1 {
        shape.remove(1);
    }
    shape.extend(experts);
    if shape.is_empty() || shape.len() > 4 || shape.contains(&0) {
        return Err(damaged(found, &format!("its shape is {:?}", entry.shape)));
    }
    let weights = shape.iter().try_fold(1_u64, |product, dimension| product.checked_mul(*dimension));
    let bytes = weights.and_then(|weights| weights.checked_mul(kind.block_bytes() as u64));
    let bytes = bytes.ok_or_else(|| damaged(found, &format!("its shape is {:?}", entry.shape)))?;
    Ok(TensorInfo { name, kind, shape, offset: entry.offset, bytes })
}

/// The rewrite of the bytes of GGUF's tensor `name`.
fn rewrite(model: &ModelType, metadata: &Metadata, name: &str, found: Found<'_>) -> Result<Rewrite> {
    let (_, entry) = found;
    if model.norms_add_one && entry.name.ends_with("norm.weight") {
        let kind = entry.kind().unwrap_or(TensorType::F32);
        return Ok(Rewrite::AddOne { kind, bytes: entry.bytes as usize });
    }
    let part = name.rsplit('.').nth(1).unwrap_or_default();
    let heads = match part {
        "attn_q" if model.paired_rows => "head_count",
        "attn_k" if model.paired_rows => "head_count_kv",
        _ => return Ok(Rewrite::None),
    };
    let key = |key: &str| metadata.u32(&format!("{}.attention.{key}", model.architecture));
    let heads = u64::from(key(heads)?.or(key("head_count")?).unwrap_or_default());
    let rows = entry.shape.first().copied().unwrap_or_default();
    if heads == 0 || rows == 0 || rows % (2 * heads) != 0 {
        return Err(damaged(found, &format!("its {rows} rows don't divide into pairs for {heads} heads")));
    }
    Ok(Rewrite::PairRows { rows: (rows / heads) as usize, row_bytes: (entry.bytes / rows) as usize })
}

fn unknown(model: &ModelType, (file, entry): Found<'_>) -> Error {
    let packed = |ending: &str| entry.name.ends_with(ending);
    if model.name == "gpt_oss" && entry.name.contains(".mlp.experts.") {
        let reason = if packed("_blocks") || packed("_scales") {
            format!("{} is in blocks of MXFP4, which are read from GGUF files only", entry.name)
        } else {
            format!("{} interleaves gate and up of all experts, which is read from GGUF files only", entry.name)
        };
        return Error::UnsupportedSafetensors { file: file.to_owned(), reason };
    }
    Error::UnexpectedTensor { tensor: entry.name.clone(), architecture: model.architecture.to_owned() }
}

fn damaged((file, entry): Found<'_>, reason: &str) -> Error {
    Error::InvalidSafetensors { file: file.to_owned(), reason: format!("tensor {}: {reason}", entry.name) }
}
