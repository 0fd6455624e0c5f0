//! `wgslm chat`: a conversation in a terminal or, with `--json`, with a script.

mod arguments;
mod commands;
mod input;
mod interrupt;
mod output;

pub(crate) use arguments::ChatArguments;

use commands::Command;
use input::Input;
use interrupt::Interrupt;
use output::Output;
use wgslm::engine::{ChatEvent, Engine, GenerateOptions};
use wgslm::text::chat::{Conversation, Message};

use crate::error::Result;
use crate::load;

pub(crate) async fn run(arguments: ChatArguments) -> Result<()> {
    let (engine, _) = load::engine(&arguments.model, arguments.room).await?;
    // Fails before the first question where the model can't chat.
    engine.chat(&Conversation { messages: vec![Message::new("user", "")], ..Conversation::default() })?;
    let speculation = arguments.drafts.speculation(&engine).await?;
    let options = GenerateOptions {
        max_tokens: arguments.max_tokens.0,
        seed: arguments.seed,
        constraint: arguments.grammar.constraint(&engine)?,
        speculation,
        ..arguments.sampling.options()
    };
    // Before Ctrl-C is watched: the line editor has a handler for it too, and the last one counts.
    let mut input = Input::new(arguments.json, arguments.history.as_deref())?;
    let mut chat = Chat {
        system: arguments.system.clone(),
        enable_thinking: arguments.thinking(),
        conversation: Conversation::default(),
        output: Output::new(arguments.json),
        interrupt: Interrupt::new(),
        engine,
        options,
    };
    chat.reset();
    chat.output.welcome(&chat.engine)?;
    while let Some(line) = input.next()? {
        match Command::parse(&line) {
            Ok(Command::Say(text)) => {
                chat.conversation.messages.push(Message::new("user", text));
                chat.answer().await?;
            }
            Ok(Command::Again) => chat.again().await?,
            Ok(Command::Exit) => break,
            Ok(command) => chat.apply(&command)?,
            Err(unknown) => chat.output.note(&unknown)?,
        }
    }
    input.close()
}

/// A conversation under way.
struct Chat {
    engine: Engine,
    options: GenerateOptions,
    system: Option<String>,
    enable_thinking: Option<bool>,
    conversation: Conversation,
    output: Output,
    interrupt: Interrupt,
}

impl Chat {
    /// Begins anew, with the system message alone.
    fn reset(&mut self) {
        let messages = self.system.iter().map(|text| Message::new("system", text.as_str())).collect();
        self.conversation = Conversation {
            messages,
            enable_thinking: self.enable_thinking,
            add_generation_prompt: true,
            ..Conversation::default()
        };
    }

    fn apply(&mut self, command: &Command) -> Result<()> {
        match command {
            Command::Reset => {
                self.reset();
                self.output.note("the conversation begins anew")
            }
            Command::System(text) => {
                self.system = (!text.is_empty()).then(|| text.clone());
                self.reset();
                self.output.note("the conversation begins anew, with this system message")
            }
            Command::Undo => {
                let messages = &mut self.conversation.messages;
                let last = messages.iter().rposition(|message| message.role == "user");
                last.into_iter().for_each(|last| messages.truncate(last));
                self.output.note(if last.is_some() {
                    "the last question is forgotten"
                } else {
                    "there is no question yet"
                })
            }
            Command::Help => self.output.note(commands::HELP),
            Command::Say(_) | Command::Again | Command::Exit => Ok(()),
        }
    }

    /// Answers the last question once more, with another seed.
    async fn again(&mut self) -> Result<()> {
        let messages = &mut self.conversation.messages;
        let Some(last) = messages.iter().rposition(|message| message.role == "user") else {
            return self.output.note("there is no question yet");
        };
        messages.truncate(last + 1);
        self.options.seed = self.options.seed.wrapping_add(1);
        self.answer().await
    }

    /// Answers the conversation so far. An answer that is interrupted stays as far as it came; after an error the question is forgotten.
    async fn answer(&mut self) -> Result<()> {
        let asked = self.engine.chat(&self.conversation).and_then(|request| request.begin(self.options.clone()));
        let mut answer = match asked {
            Ok(answer) => answer,
            Err(error) => {
                self.conversation.messages.pop();
                return self.output.error(&error);
            }
        };
        self.interrupt.watch(Some(answer.canceller()));
        let ended = loop {
            match answer.next().await {
                Ok(Some(ChatEvent::Delta(delta))) => self.output.delta(&delta)?,
                Ok(Some(ChatEvent::Finished { answer, summary })) => {
                    self.output.finished(&answer, &summary)?;
                    self.conversation.messages.push(answer.message);
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.interrupt.watch(None);
        match ended {
            Ok(()) => Ok(()),
            Err(error) => {
                self.conversation.messages.pop();
                self.output.error(&error)
            }
        }
    }
}
