//! Chats: a conversation becomes a prompt, and its answer a message with reasoning and tool calls.

use std::collections::VecDeque;

use wgslm_text::chat::{Answer, ChatParser, Conversation, Delta, ToolChoice};

use super::{Canceller, Engine, FinishReason, GenerateOptions, Generation, GenerationEvent, Summary, TokenLogprobs};
use crate::Result;

/// A conversation as a prompt, ready to be answered.
pub struct ChatRequest {
    engine: Engine,
    prompt: Vec<u32>,
    parser: ChatParser,
    /// The control tokens that are part of the answer's text.
    markers: Vec<String>,
    grammar: Option<String>,
}

/// An event of an answer in a chat.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatEvent {
    /// A piece of the answer: of its text, of its reasoning, or of a tool call.
    Delta(Delta),
    /// The end: the whole answer.
    Finished {
        /// The message to add to the conversation, and the reason for its end.
        answer: Box<Answer>,
        /// The counts and times of the generation.
        summary: Summary,
    },
}

/// The answer in a chat under way. Dropping it cancels it.
pub struct Chat {
    generation: Generation,
    parser: ChatParser,
    answer: Answer,
    events: VecDeque<ChatEvent>,
    logprobs: Vec<(u32, TokenLogprobs)>,
}

impl Engine {
    /// The text that the model's chat template makes of a conversation.
    ///
    /// # Errors
    /// As [`Self::chat`].
    pub fn apply_template(&self, conversation: &Conversation) -> Result<String> {
        conversation.check_tools()?;
        Ok(self.chat_template()?.render_conversation(conversation)?.text())
    }

    /// Renders a conversation by the model's chat template, up to the beginning of the assistant's next turn.
    ///
    /// # Errors
    /// [`Error::ChatTemplate`](wgslm_text::Error::ChatTemplate) where the model has no template or it fails,
    /// [`Error::Tool`](wgslm_text::Error::Tool), [`Error::ToolArguments`](wgslm_text::Error::ToolArguments),
    /// [`Error::UnsupportedContent`](wgslm_text::Error::UnsupportedContent).
    pub fn chat(&self, conversation: &Conversation) -> Result<ChatRequest> {
        conversation.check_tools()?;
        let template = self.chat_template()?;
        let tokenizer = self.model().tokenizer()?;
        let rendered = template.render_conversation(conversation)?;
        let (format, tools) = (template.output_format(), conversation.callable_tools());
        // Calls of different answers have different ids.
        let seed = conversation.messages.len() as u64;
        let parser = ChatParser::new(format, tools, seed).answering(&rendered);
        let parallel = conversation.parallel_tool_calls.unwrap_or(true);
        let grammar = parser.grammar(&conversation.tool_choice, parallel, |text| tokenizer.control_token(text));
        if grammar.is_none() && matches!(conversation.tool_choice, ToolChoice::Required | ToolChoice::Function(_)) {
            let reason = "tool_choice demands a call, but the model's chat template shows no way of making one; leave \
                          tool_choice out, or load a model that was made for tools";
            return Err(wgslm_text::Error::Tool { reason: reason.to_owned() }.into());
        }
        let markers = format.marker_texts().map(str::to_owned).collect();
        let prompt = tokenizer.encode_chat(&rendered)?;
        Ok(ChatRequest { engine: self.clone(), prompt, parser, markers, grammar })
    }
}

impl ChatRequest {
    /// The tokens of the prompt.
    #[must_use]
    pub fn prompt(&self) -> &[u32] {
        &self.prompt
    }

    /// The grammar of an answer that makes the tool calls which the conversation's `tool_choice` demands, in llguidance's variant of
    /// Lark; none where it demands none. Its compiled form belongs into [`GenerateOptions::constraint`].
    #[must_use]
    pub fn grammar(&self) -> Option<&str> {
        self.grammar.as_deref()
    }

    /// Asks for the answer.
    ///
    /// # Errors
    /// As [`Engine::generate`].
    pub fn begin(self, options: GenerateOptions) -> Result<Chat> {
        let options = GenerateOptions { shown_tokens: self.markers, ..options };
        let generation = self.engine.generate(&self.prompt, options)?;
        Ok(Chat {
            generation,
            parser: self.parser,
            answer: Answer::new(),
            events: VecDeque::new(),
            logprobs: Vec::new(),
        })
    }
}

impl Chat {
    /// The next event; `None` after the end. Dropping the future loses nothing.
    ///
    /// # Errors
    /// As [`Generation::next`].
    pub async fn next(&mut self) -> Result<Option<ChatEvent>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            match self.generation.next().await? {
                None => return Ok(None),
                Some(GenerationEvent::Token { token, text, logprob }) => {
                    self.logprobs.extend(logprob.map(|logprob| (token, logprob)));
                    let deltas = self.parser.push(&text);
                    self.take(deltas);
                }
                Some(GenerationEvent::Finished(summary)) => {
                    let rest = self.parser.finish();
                    self.take(rest);
                    let limited = summary.finish_reason != FinishReason::Stop;
                    let answer = Box::new(std::mem::take(&mut self.answer).finish(limited));
                    self.events.push_back(ChatEvent::Finished { answer, summary });
                }
            }
        }
    }

    fn take(&mut self, deltas: Vec<Delta>) {
        for delta in deltas {
            self.answer.push(&delta);
            self.events.push_back(ChatEvent::Delta(delta));
        }
    }

    /// The tokens since the last call, in order, with their log-probabilities; none unless [`GenerateOptions::logprobs`] asks for them.
    /// Those of a delta come with it or before it.
    pub fn take_logprobs(&mut self) -> Vec<(u32, TokenLogprobs)> {
        std::mem::take(&mut self.logprobs)
    }

    /// A handle that cancels the answer.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.generation.canceller()
    }
}
