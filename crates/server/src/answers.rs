//! Answers of one request, from the threads of inference to those of HTTP.

use std::future::Future;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use wgslm::engine::{Chat, ChatEvent, Generation, GenerationEvent, Summary, TokenLogprobs};
use wgslm::text::chat::{self, Delta};

use crate::api_error::{ApiError, ApiResult};
use crate::inference::blocking;
use crate::model::Model;
use crate::shutdown::Running;
use crate::state::State;

/// Events that wait for a slow client; more wait in the engine.
const AHEAD: usize = 16;

/// An answer under way.
pub(crate) trait Answer: Send + Sized + 'static {
    type Event: Send + 'static;

    /// The next event; `None` after the end.
    fn next(&mut self) -> impl Future<Output = wgslm::Result<Option<Self::Event>>> + Send;
}

impl Answer for Generation {
    type Event = GenerationEvent;

    fn next(&mut self) -> impl Future<Output = wgslm::Result<Option<GenerationEvent>>> + Send {
        Self::next(self)
    }
}

/// An event of an answer in a chat.
pub(crate) struct ChatStep {
    pub(crate) kind: ChatStepKind,
    /// The tokens of this piece, and perhaps of later ones.
    pub(crate) logprobs: Vec<(u32, TokenLogprobs)>,
}

pub(crate) enum ChatStepKind {
    Delta(Delta),
    End(Box<chat::Answer>, Summary),
}

impl Answer for Chat {
    type Event = ChatStep;

    async fn next(&mut self) -> wgslm::Result<Option<ChatStep>> {
        let event = Self::next(self).await?;
        let logprobs = self.take_logprobs();
        Ok(event.map(|event| {
            let kind = match event {
                ChatEvent::Delta(delta) => ChatStepKind::Delta(delta),
                ChatEvent::Finished { answer, summary } => ChatStepKind::End(answer, summary),
            };
            ChatStep { kind, logprobs }
        }))
    }
}

/// The answers of a request. Dropping them cancels what is under way.
pub(crate) struct Answers<E> {
    events: Receiver<Message<E>>,
    _tasks: JoinSet<()>,
    _running: Running,
}

/// The beginning (`Begun`), an event of the answer of an index, or the end.
enum Message<E> {
    Begun,
    Event(u32, E),
    End,
    Failed(ApiError),
}

impl<E: Send + 'static> Answers<E> {
    /// Asks for `count` answers, of which `begin` begins each by its index: once before the first event, then, since they all read the
    /// same prompt, after it.
    ///
    /// # Errors
    /// Those of `begin`, of a full queue and of a server that stops.
    pub(crate) async fn start<A: Answer<Event = E>>(
        (state, model): (&State, Arc<Model>),
        count: u32,
        begin: impl FnMut(&Model, u32) -> ApiResult<A> + Send + 'static,
    ) -> ApiResult<Self> {
        let running = state.work.begin()?;
        let place = model.admission.enter()?;
        let limit = state.options.inference_timeout;
        let (sender, events) = mpsc::channel(AHEAD);
        let tasks = state.inference.start(async move {
            let _place = place;
            let work = Production { model, begin, sender: sender.clone(), begun: 0, count };
            let result = tokio::time::timeout(limit, work.run()).await;
            let last = match result.unwrap_or_else(|_| Err(ApiError::timeout(limit))) {
                Ok(()) => Message::End,
                Err(error) => Message::Failed(error),
            };
            // Whoever asked may have gone.
            let _ = sender.send(last).await;
        });
        let mut answers = Self { events, _tasks: tasks, _running: running };
        match answers.events.recv().await {
            Some(Message::Begun) => Ok(answers),
            Some(Message::Failed(error)) => Err(error),
            _ => Err(ApiError::internal()),
        }
    }

    /// The next event of any answer, with the answer's index; `None` after the end of all.
    pub(crate) async fn next(&mut self) -> ApiResult<Option<(u32, E)>> {
        match self.events.recv().await {
            Some(Message::Event(index, event)) => Ok(Some((index, event))),
            Some(Message::End) => Ok(None),
            Some(Message::Failed(error)) => Err(error),
            Some(Message::Begun) | None => Err(ApiError::internal()),
        }
    }
}

/// The work of a request on the threads of inference.
struct Production<A: Answer, B> {
    model: Arc<Model>,
    begin: B,
    sender: Sender<Message<A::Event>>,
    /// The answers that were begun.
    begun: u32,
    count: u32,
}

impl<A: Answer, B: FnMut(&Model, u32) -> ApiResult<A> + Send + 'static> Production<A, B> {
    async fn run(mut self) -> ApiResult<()> {
        let mut answers = FuturesUnordered::new();
        let first;
        (self, first) = self.begin_one().await?;
        answers.push(step(0, first));
        if self.sender.send(Message::Begun).await.is_err() {
            return Ok(());
        }
        while let Some((index, answer, event)) = answers.next().await {
            let Some(event) = event? else { continue };
            if self.sender.send(Message::Event(index, event)).await.is_err() {
                return Ok(());
            }
            answers.push(step(index, answer));
            while self.begun < self.count {
                let index = self.begun;
                let begun;
                (self, begun) = match self.try_begin_one().await? {
                    (this, Ok(answer)) => (this, answer),
                    // It is tried again with the next event of those that run.
                    (this, Err(error)) if error.is_busy() => {
                        self = this;
                        break;
                    }
                    (_, Err(error)) => return Err(error),
                };
                answers.push(step(index, begun));
            }
        }
        Ok(())
    }

    async fn begin_one(self) -> ApiResult<(Self, A)> {
        let (this, answer) = self.try_begin_one().await?;
        Ok((this, answer?))
    }

    /// Begins the next answer on a thread that may wait.
    async fn try_begin_one(mut self) -> ApiResult<(Self, ApiResult<A>)> {
        blocking(move || {
            let answer = (self.begin)(&self.model, self.begun);
            self.begun += u32::from(answer.is_ok());
            Ok((self, answer))
        })
        .await
    }
}

/// The next event of an answer.
async fn step<A: Answer>(index: u32, mut answer: A) -> (u32, A, ApiResult<Option<A::Event>>) {
    let event = answer.next().await.map_err(ApiError::from);
    (index, answer, event)
}
