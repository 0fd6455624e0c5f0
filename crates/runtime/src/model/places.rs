//! Where each tensor of a file goes: its directory held against what a spec needs, before any weight arrives.

use std::collections::HashMap;

use wgslm_formats::Error as FormatsError;
use wgslm_formats::gguf::{TensorInfo, floats, supported_types, weight_format};
use wgslm_formats::quantize::Plan;

use super::ModelSpec;
use super::tensors::{ExpectedTensor, Fusion, TensorRole, bias_of, expected_tensors};
use super::weights::can_fuse;
use crate::{Device, Error, Result};

/// What a tensor is for, and the larger one that it becomes a part of.
pub(super) type Place = (TensorRole, Option<Fusion>);

/// The places of all tensors, by name.
///
/// # Errors
/// [`FormatsError::MissingTensor`], [`Error::TensorShape`], [`FormatsError::UnsupportedTensorType`] or
/// [`FormatsError::UnexpectedTensor`].
pub(super) fn check_tensors(
    device: &Device,
    spec: &ModelSpec,
    tensors: &[TensorInfo],
    plan: &Plan,
) -> Result<HashMap<String, Place>> {
    let found: HashMap<_, _> = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let mut places = HashMap::new();
    let mut fusions: HashMap<String, Vec<&TensorInfo>> = HashMap::new();
    let mut candidates = Vec::new();
    for tensor in expected_tensors(spec) {
        let Some(info) = found.get(tensor.name.as_str()) else {
            if tensor.optional {
                continue;
            }
            return Err(FormatsError::MissingTensor { tensor: tensor.name }.into());
        };
        check(&tensor, info)?;
        for fusion in &tensor.fusions {
            fusions.entry(fusion.name.clone()).or_default().push(info);
        }
        candidates.push((tensor.name.clone(), tensor.fusions));
        places.insert(tensor.name, (tensor.role, None));
    }
    let fuses = |role: TensorRole, fusion: &Fusion| {
        let parts = fusions.get(&fusion.name).map(Vec::as_slice).unwrap_or_default();
        let sizes: Vec<_> = parts.iter().map(|part| (plan.of(part), part.shape[1..].iter().product())).collect();
        role != TensorRole::Matrix || parts.first().is_some_and(|first| can_fuse(device, first.shape[0], &sizes))
    };
    for (name, candidates) in candidates {
        if let Some(place) = places.get_mut(&name) {
            place.1 = candidates.into_iter().find(|fusion| fuses(place.0, fusion));
        }
    }
    let biases: Vec<_> = places.iter().filter_map(|(name, place)| bias(&found, name, place).transpose()).collect();
    for bias in biases {
        let (name, place) = bias?;
        places.insert(name, place);
    }
    // A tensor that goes unused would change the model's answers without a word.
    match tensors.iter().find(|tensor| !places.contains_key(&tensor.name)) {
        None => Ok(places),
        Some(tensor) => {
            let architecture = spec.architecture.clone();
            Err(FormatsError::UnexpectedTensor { tensor: tensor.name.clone(), architecture }.into())
        }
    }
}

fn check(expected: &ExpectedTensor, info: &TensorInfo) -> Result<()> {
    if info.shape != expected.shape {
        return Err(Error::TensorShape {
            tensor: expected.name.clone(),
            found: info.shape.clone(),
            expected: expected.shape.clone(),
        });
    }
    let runs = match expected.role {
        TensorRole::Matrix => weight_format(info.kind).is_some(),
        _ => floats(info.kind, &[]).is_some(),
    };
    if runs {
        return Ok(());
    }
    Err(FormatsError::UnsupportedTensorType {
        tensor: expected.name.clone(),
        kind: info.kind.name().to_owned(),
        supported: supported_types(),
    }
    .into())
}

/// The bias that the file has for a matrix, and its place: beside those of what the matrix is fused with.
fn bias(found: &HashMap<&str, &TensorInfo>, matrix: &str, place: &Place) -> Result<Option<(String, Place)>> {
    let (TensorRole::Matrix, fusion) = place else { return Ok(None) };
    let name = bias_of(matrix);
    let (Some(info), Some(weight)) = (found.get(name.as_str()), found.get(matrix)) else { return Ok(None) };
    let expected = ExpectedTensor {
        name: name.clone(),
        role: TensorRole::Values,
        shape: weight.shape[1..].to_vec(),
        fusions: Vec::new(),
        optional: true,
    };
    check(&expected, info)?;
    let fusion = fusion.as_ref().map(|fusion| Fusion { name: bias_of(&fusion.name), ..fusion.clone() });
    Ok(Some((name, (TensorRole::Values, fusion))))
}
