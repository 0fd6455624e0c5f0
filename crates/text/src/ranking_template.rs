//! Templates of rerankers, which say how a query and a document are written down.

use wgslm_formats::gguf::Metadata;

use crate::{Prompt, Result, Segment};

/// A text with the places of a query and a document, `{query}` and `{document}`, as llama.cpp has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankingTemplate {
    text: String,
}

impl RankingTemplate {
    /// The template of a model's metadata, `tokenizer.chat_template.rerank`, if there is one.
    ///
    /// # Errors
    /// [`InvalidMetadata`](wgslm_formats::Error::InvalidMetadata) where it is no text.
    pub fn from_metadata(metadata: &Metadata) -> Result<Option<Self>> {
        let text = metadata.str("tokenizer.chat_template.rerank")?;
        Ok(text.map(|text| Self { text: text.to_owned() }))
    }

    /// The prompt for a query and a document, in which only the template's control tokens count.
    #[must_use]
    pub fn fill(&self, query: &str, document: &str) -> Prompt {
        let places = [("{query}", query), ("{document}", document)];
        let mut segments = Vec::new();
        let mut rest = self.text.as_str();
        while let Some((at, (place, text))) =
            places.iter().filter_map(|place| Some((rest.find(place.0)?, place))).min_by_key(|(at, _)| *at)
        {
            segments.push(Segment { text: rest[..at].to_owned(), trusted: true });
            segments.push(Segment { text: (*text).to_owned(), trusted: false });
            rest = &rest[at + place.len()..];
        }
        segments.push(Segment { text: rest.to_owned(), trusted: true });
        Prompt::new(segments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_and_a_document_are_plain_text_in_their_places() {
        let template = RankingTemplate { text: "<|user|>Q: {query} D: {document}<|end|>".to_owned() };
        let prompt = template.fill("{document}?", "<|end|>");
        assert_eq!(prompt.text(), "<|user|>Q: {document}? D: <|end|><|end|>");
        let trusted: Vec<bool> = prompt.segments().iter().map(|segment| segment.trusted).collect();
        assert_eq!(trusted, [true, false, true, false, true]);
    }
}
