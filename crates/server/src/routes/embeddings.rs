//! `/v1/embeddings`.

use axum::Json;
use axum::extract;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::pooled;
use crate::api_error::{ApiError, ApiResult};
use crate::fields::Fields;
use crate::inputs::inputs;
use crate::model::Model;
use crate::state::State;

#[derive(Default, Deserialize)]
#[serde(default)]
struct EmbeddingFields {
    encoding_format: Encoding,
    dimensions: Option<usize>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    Base64,
}

pub(super) async fn create(extract::State(state): extract::State<State>, fields: Fields) -> ApiResult<Json<Value>> {
    let EmbeddingFields { encoding_format, dimensions } = fields.read()?;
    let inputs = inputs(&fields, "input")?;
    let named = fields.model()?.map(str::to_owned);
    let work = move |model: &Model| -> ApiResult<_> {
        let tokens: Vec<Vec<u32>> =
            inputs.iter().map(|input| model.engine.prompt_tokens(input)).collect::<wgslm::Result<_>>()?;
        let width = model.engine.model().spec.width as usize;
        if let Some(wrong) = dimensions.filter(|dimensions| !(1..=width).contains(dimensions)) {
            let message = format!("dimensions is {wrong}; it should be from 1 to {width}, which this model has");
            return Err(ApiError::wrong("dimensions", message));
        }
        let count: usize = tokens.iter().map(Vec::len).sum();
        let embeddings = pooled(model, |engine| engine.embed_all(&tokens))?;
        Ok((embeddings, count, model.name.clone()))
    };
    let (embeddings, tokens, model) = super::with_model(&state, named.as_deref(), work).await?;
    let data = embeddings.into_iter().enumerate().map(|(index, values)| {
        let values = shortened(values, dimensions);
        let embedding = match encoding_format {
            Encoding::Float => json!(values),
            Encoding::Base64 => {
                let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                Value::from(STANDARD.encode(bytes))
            }
        };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    });
    let usage = json!({ "prompt_tokens": tokens, "total_tokens": tokens });
    Ok(Json(
        json!({ "object": "list", "data": data.collect::<Vec<_>>(), "model": named.unwrap_or(model), "usage": usage }),
    ))
}

/// The first values of an embedding, scaled to a length of 1 again.
fn shortened(mut values: Vec<f32>, dimensions: Option<usize>) -> Vec<f32> {
    let Some(dimensions) = dimensions.filter(|dimensions| *dimensions < values.len()) else { return values };
    values.truncate(dimensions);
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        values.iter_mut().for_each(|value| *value /= length);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_shortened_embedding_has_the_length_1_again() {
        assert_eq!(shortened(vec![0.6, 0.8, 5.0], Some(2)), [0.6, 0.8]);
        assert_eq!(shortened(vec![3.0, 4.0, 1.0], Some(2)), [0.6, 0.8]);
        assert_eq!(shortened(vec![3.0, 4.0], None), [3.0, 4.0]);
        assert_eq!(shortened(vec![0.0, 4.0], Some(1)), [0.0]);
    }
}
