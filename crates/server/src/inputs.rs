//! Prompts and inputs: a text, tokens, or several of either.

use serde_json::Value;
use wgslm::engine::Prompt;

use crate::api_error::{ApiError, ApiResult};
use crate::fields::Fields;

/// The most inputs of a request, as with OpenAI's servers.
const MOST: usize = 2048;

/// The inputs of a field, one by one.
///
/// # Errors
/// One that names the field where it is anything else, empty, or has too many.
pub(crate) fn inputs(fields: &Fields, name: &str) -> ApiResult<Vec<Prompt>> {
    let expected = || {
        let expected = "a string, an array of tokens, or an array of either";
        ApiError::wrong(name, format!("{name} is missing or not usable; it should be {expected}"))
    };
    let given = fields.get(name).ok_or_else(expected)?;
    if let Some(text) = given.as_str() {
        return Ok(vec![Prompt::Text(text.to_owned())]);
    }
    let items = given.as_array().filter(|items| !items.is_empty()).ok_or_else(expected)?;
    if let Some(tokens) = tokens(given) {
        return Ok(vec![Prompt::Tokens(tokens)]);
    }
    if items.len() > MOST {
        return Err(ApiError::wrong(name, format!("{name} has {} items; send at most {MOST} at a time", items.len())));
    }
    let texts = items.iter().map(|item| item.as_str().map(|text| Prompt::Text(text.to_owned())));
    let texts: Option<Vec<_>> = texts.collect();
    let several = || items.iter().map(|item| tokens(item).map(Prompt::Tokens)).collect();
    texts.or_else(several).ok_or_else(expected)
}

/// The tokens of a list, at least one.
fn tokens(value: &Value) -> Option<Vec<u32>> {
    let items = value.as_array().filter(|items| !items.is_empty())?;
    items.iter().map(|item| item.as_u64().and_then(|token| u32::try_from(token).ok())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_input_is_a_text_or_tokens_or_several_of_either() {
        let read = |input: Value| {
            let Value::Object(fields) = json!({ "input": input }) else { unreachable!() };
            inputs(&fields.into(), "input").ok().map(|inputs| format!("{inputs:?}"))
        };
        for (input, expected) in [
            (json!("a"), Some(r#"[Text("a")]"#)),
            (json!(["a", "b"]), Some(r#"[Text("a"), Text("b")]"#)),
            (json!([1, 2]), Some("[Tokens([1, 2])]")),
            (json!([[1], [2, 3]]), Some("[Tokens([1]), Tokens([2, 3])]")),
            (json!([]), None),
            (json!([[]]), None),
            (json!([1, "a"]), None),
            (json!([1.5]), None),
            (json!([-1]), None),
            (json!(null), None),
            (json!({}), None),
        ] {
            assert_eq!(read(input.clone()).as_deref(), expected, "{input}");
        }
    }
}
