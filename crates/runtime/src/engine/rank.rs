//! Ranking: scores of documents for a query, by a model with a classifier.

use super::{Engine, check_task};
use crate::Result;
use crate::model::{OutputSpec, Task};

impl Engine {
    /// The scores of `documents` for `query`, in the order of the documents: the larger, the better a document answers. A score is the
    /// classifier's first value: any number, which a sigmoid turns into a probability, for BERT's rerankers, and a probability for Qwen 3's.
    ///
    /// # Errors
    /// [`Error::WrongTask`](crate::Error::WrongTask) where the model has no classifier, and as [`Self::embed`].
    pub async fn rerank(&self, query: &str, documents: &[impl AsRef<str>]) -> Result<Vec<f32>> {
        check_task(&self.inner, Task::Ranking)?;
        let tokens = |document: &str| self.ranking_prompt(query, document);
        let texts: Vec<_> = documents.iter().map(|document| tokens(document.as_ref())).collect::<Result<_>>()?;
        Ok(self.classify_all(&texts).await?.iter().map(|scores| scores[0]).collect())
    }

    /// The scores that the model's classifier gives each of `texts`, a value a label.
    ///
    /// # Errors
    /// As [`Self::rerank`].
    pub async fn classify_all(&self, texts: &[impl AsRef<[u32]>]) -> Result<Vec<Vec<f32>>> {
        check_task(&self.inner, Task::Ranking)?;
        let mut scores = self.pooled(texts).await?;
        if matches!(self.inner.model.spec.output, OutputSpec::Scores(classifier) if classifier.softmax) {
            scores.iter_mut().for_each(|scores| softmax(scores));
        }
        Ok(scores)
    }

    /// The tokens of a query and a document: as the model's template has them, where there is one, or one after the other.
    ///
    /// # Errors
    /// [`Tokenizer`](wgslm_text::Error::Tokenizer).
    pub fn ranking_prompt(&self, query: &str, document: &str) -> Result<Vec<u32>> {
        let model = self.model();
        let tokenizer = model.tokenizer()?;
        match model.ranking_template() {
            Some(template) => Ok(tokenizer.encode_segments(&template.fill(query, document))?),
            None => Ok(tokenizer.encode_pair(query, document)?),
        }
    }
}

fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::MIN, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
}
