//! The place of each tensor of a file: the file's tensors are checked against those that a spec needs before any weight arrives.

use std::collections::{HashMap, HashSet};

use wgslm_formats::Error as FormatsError;
use wgslm_formats::gguf::{TensorInfo, TensorType, floats, supported_types, weight_format};
use wgslm_formats::quantise::Plan;
use wgslm_formats::source::ModelHeader;

use super::tensors::{ExpectedTensor, Fusion, TensorRole, bias_of, expected_tensors};
use super::weights::can_fuse;
use super::{ModelSpec, left_out};
use crate::{Device, Error, Result};

/// A tensor's role, and the larger tensor that it becomes a part of, if any.
pub(super) type Place = (TensorRole, Option<Fusion>);

/// The tensors of a file that are used; those in neither field are left out.
pub(super) struct Places {
    /// The places of weights, by name.
    pub(super) weights: HashMap<String, Place>,
    /// The names of matrices' scales, which must be 1, since no kernel multiplies by them.
    pub(super) scales: HashSet<String>,
}

/// Checks the tensors of a file against `spec`, and finds the place of each.
///
/// # Errors
/// [`FormatsError::MissingTensor`], [`Error::TensorShape`], [`FormatsError::UnsupportedTensorType`] or
/// [`FormatsError::UnexpectedTensor`].
pub(super) fn check_tensors(device: &Device, spec: &ModelSpec, header: &ModelHeader, plan: &Plan) -> Result<Places> {
    let tensors = &header.tensors;
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
    let scales = tensors.iter().filter(|tensor| is_scale(&places, tensor)).map(|tensor| tensor.name.clone());
    let scales: HashSet<_> = scales.collect();
    let nextn_layers = header.metadata.u32(&format!("{}.nextn_predict_layers", spec.architecture))?.unwrap_or(0);
    let unused = tensors.iter().map(|tensor| tensor.name.as_str());
    let unused = unused.filter(|name| !places.contains_key(*name) && !scales.contains(*name));
    let left_out = unused.map(|name| match left_out::part(spec, nextn_layers, name) {
        Some(part) => Ok((part, name)),
        // Leaving it out could silently change answers.
        None => Err(unexpected(spec, name)),
    });
    let left_out = left_out.collect::<Result<Vec<_>>>()?;
    // A dry run comes before or after the load that tells.
    if !device.gpu().is_dry_run() {
        left_out::warn(left_out.into_iter());
    }
    Ok(Places { weights: places, scales })
}

/// True for a scale of a matrix's products: one F32 number for all of them, or one for each expert.
fn is_scale(places: &HashMap<String, Place>, tensor: &TensorInfo) -> bool {
    let matrix = tensor.name.strip_suffix(".scale").map(|name| format!("{name}.weight"));
    let place = matrix.and_then(|matrix| places.get(&matrix));
    place.is_some_and(|(role, _)| *role == TensorRole::Matrix)
        && tensor.kind == TensorType::F32
        && tensor.shape.len() == 1
}

/// The error of a tensor that answers may depend on and no kernel uses.
pub(super) fn unexpected(spec: &ModelSpec, tensor: &str) -> Error {
    FormatsError::UnexpectedTensor { tensor: tensor.to_owned(), architecture: spec.architecture.clone() }.into()
}

fn check(expected: &ExpectedTensor, info: &TensorInfo) -> Result<()> {
    // Some writers omit trailing dimensions of 1.
    if trimmed(&info.shape) != trimmed(&expected.shape) {
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

/// A shape without trailing dimensions of 1.
fn trimmed(shape: &[u64]) -> &[u64] {
    let length = shape.iter().rposition(|size| *size != 1).map_or(0, |last| last + 1);
    &shape[..length]
}

/// The bias that the file has for a matrix, if any, and its place: fused as the matrix is.
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
