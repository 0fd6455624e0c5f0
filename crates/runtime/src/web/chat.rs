//! Chats: conversations in OpenAI's form, and their answers.

use std::cell::RefCell;

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wgslm_text::chat::{ChatFinishReason, Conversation, Delta, Message};

use super::constraint::{JsConstraint, constrained};
use super::error::{object, options, spent, to_js};
use super::generation_options::GenerationOptions;
use super::logprobs::TokenLogprobs;
use super::prompt::from_json;
use super::summary::GenerationSummary;
use crate::engine::{Canceller, Chat, ChatEvent, ChatRequest, Engine};

/// The types of conversations, whose serde forms are those of OpenAI's API.
#[wasm_bindgen(typescript_custom_section)]
const CHAT_TYPES: &str = include_str!("chat_types.ts");

#[wasm_bindgen]
extern "C" {
    /// A conversation as JavaScript has it.
    #[wasm_bindgen(typescript_type = "Conversation")]
    pub type JsConversation;
}

impl JsConversation {
    pub(super) fn read(self) -> Result<Conversation, JsValue> {
        from_json("conversation", &self)
    }
}

/// A conversation as a prompt, ready to be answered.
#[wasm_bindgen(js_name = ChatRequest)]
pub struct JsChatRequest {
    engine: Engine,
    request: ChatRequest,
}

impl JsChatRequest {
    pub(super) fn new(engine: &Engine, request: ChatRequest) -> Self {
        Self { engine: engine.clone(), request }
    }
}

#[wasm_bindgen(js_class = ChatRequest)]
impl JsChatRequest {
    /// The tokens of the prompt.
    #[wasm_bindgen(getter)]
    pub fn prompt(&self) -> Vec<u32> {
        self.request.prompt().to_vec()
    }

    /// The grammar in Lark's notation of the tool calls that the conversation demands, if it does.
    #[wasm_bindgen(getter)]
    pub fn grammar(&self) -> Option<String> {
        self.request.grammar().map(str::to_owned)
    }

    /// Starts the answer, which follows a grammar if one is given.
    pub fn begin(self, wanted: Ts<GenerationOptions>, grammar: Option<JsConstraint>) -> Result<JsChat, JsValue> {
        let wanted = options(wanted)?.with(constrained(grammar), false).map_err(|error| to_js(&error))?;
        let chat = self.request.begin(wanted).map_err(|error| to_js(&error))?;
        Ok(JsChat { engine: self.engine, canceller: chat.canceller(), chat: RefCell::new(Some(chat)) })
    }
}

/// A step of an answer in a chat: a piece of it, or its end.
#[derive(Default, Serialize, Tsify)]
#[tsify(hashmap_as_object)]
struct ChatStep {
    /// The pieces of the message.
    #[tsify(type = "ChatDelta[]")]
    deltas: Vec<Delta>,
    /// The tokens of these pieces, and perhaps of later ones, where `logprobs` asks for them.
    logprobs: Vec<TokenLogprobs>,
    /// The end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    end: Option<ChatEnd>,
}

/// The end of an answer in a chat.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
#[tsify(hashmap_as_object)]
struct ChatEnd {
    /// The assistant's message, ready to be added to the conversation.
    #[tsify(type = "AssistantMessage")]
    message: Message,
    /// The reason for its end, as OpenAI's API names it.
    #[tsify(type = "ChatFinishReason")]
    finish_reason: ChatFinishReason,
    /// True if the last tool call was cut off, so that its arguments are no whole JSON object.
    unfinished_call: bool,
    /// The counts and times of the generation.
    summary: GenerationSummary,
}

/// An answer in a chat: call `next` until it returns an end.
#[wasm_bindgen(js_name = Chat)]
pub struct JsChat {
    engine: Engine,
    /// `None` while `next` waits.
    chat: RefCell<Option<Chat>>,
    canceller: Canceller,
}

#[wasm_bindgen(js_class = Chat)]
impl JsChat {
    /// The next piece of the answer, or its end.
    #[wasm_bindgen(unchecked_return_type = "ChatStep")]
    pub async fn next(&self) -> Result<JsValue, JsValue> {
        let mut chat = self.chat.borrow_mut().take().ok_or_else(|| spent("answer"))?;
        let event = chat.next().await.map_err(|error| to_js(&error))?.ok_or_else(|| spent("answer"))?;
        let logprobs = chat.take_logprobs();
        let logprobs = logprobs.iter().map(|(token, found)| TokenLogprobs::new(&self.engine, *token, found)).collect();
        let step = match event {
            ChatEvent::Delta(delta) => {
                *self.chat.borrow_mut() = Some(chat);
                ChatStep { deltas: vec![delta], logprobs, end: None }
            }
            ChatEvent::Finished { answer, summary } => {
                let end = ChatEnd {
                    message: answer.message,
                    finish_reason: answer.finish_reason,
                    unfinished_call: answer.unfinished_call,
                    summary: summary.into(),
                };
                ChatStep { deltas: Vec::new(), logprobs, end: Some(end) }
            }
        };
        object(&step).map(JsValue::from)
    }

    /// Ends the answer after the step that is under way.
    pub fn cancel(&self) {
        self.canceller.cancel();
    }
}
