//! `/v1/chat/completions`.

use axum::Json;
use axum::extract;
use axum::response::{IntoResponse as _, Response};
use wgslm::engine::{Chat, GenerateOptions};
use wgslm::text::Conversation;
use wgslm_grammar::Grammar;

use crate::answers::Answers;
use crate::api_error::ApiResult;
use crate::fields::Fields;
use crate::model::Model;
use crate::sampling::SamplingFields;
use crate::sse;
use crate::state::State;
use crate::wire::{ChatFields, ChatWriter, Head, prepared};

pub(super) async fn create(extract::State(state): extract::State<State>, fields: Fields) -> ApiResult<Response> {
    let sampling: SamplingFields = fields.read()?;
    let own: ChatFields = fields.read()?;
    let conversation: Conversation = fields.read()?;
    let (count, grammar) = (sampling.answers()?, own.grammar()?);
    let logprobs = own.most_logprobs()?;
    let options = GenerateOptions { max_tokens: own.most_tokens(), logprobs, ..sampling.options()? };
    let conversation = prepared(conversation, grammar.is_some());
    let model = state.registry.get(fields.model()?).await?;
    let mut writer = ChatWriter::new(Head::new("chatcmpl-", &fields, &model), &model.engine, &own, count);
    let mut answers = Answers::start((&state, model), count, begin(conversation, grammar, options)).await?;
    if own.stream {
        return Ok(sse::respond(answers, writer));
    }
    while let Some((index, step)) = answers.next().await? {
        writer.take(index, step);
    }
    Ok(Json(writer.whole()).into_response())
}

/// Begins the answer of an index. A call that the conversation demands goes before the grammar of the request.
pub(super) fn begin(
    conversation: Conversation,
    grammar: Option<Grammar>,
    mut options: GenerateOptions,
) -> impl FnMut(&Model, u32) -> ApiResult<Chat> + Send + 'static {
    let first_seed = options.seed;
    move |model, index| {
        let request = model.engine.chat(&conversation)?;
        let grammar = request.grammar().map(|call| Grammar::Lark(call.to_owned())).or_else(|| grammar.clone());
        options.constraint = grammar.map(|grammar| model.grammars.compile(&model.engine, &grammar)).transpose()?;
        options.seed = first_seed.wrapping_add(index.into());
        Ok(request.begin(options.clone())?)
    }
}
