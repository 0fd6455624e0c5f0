//! Streams of server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answers::Answers;

/// The time after which a comment keeps a silent connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// OpenAI's `stream_options`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StreamOptions {
    /// Ends the stream with a piece that has the usage.
    pub(crate) include_usage: bool,
}

/// Writes the events of answers as those of a stream.
pub(crate) trait StreamWriter: Send + 'static {
    type Event: Send + 'static;

    /// Those that come before any of an answer.
    fn begin(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Those of an event of the answer of an index.
    fn pieces(&mut self, index: u32, event: Self::Event) -> Vec<Event>;

    /// Those that come after the end of all answers.
    fn end(&mut self) -> Vec<Event>;
}

/// An event that only has data.
pub(crate) fn data(value: &Value) -> Event {
    Event::default().data(value.to_string())
}

/// The events that close a stream of OpenAI's: its usage where it was asked for, and the end.
pub(crate) fn closing(usage: Option<Map<String, Value>>) -> Vec<Event> {
    let usage = usage.map(|usage| data(&Value::Object(usage)));
    usage.into_iter().chain([Event::default().data("[DONE]")]).collect()
}

/// The stream of answers. An error after its beginning is its last event.
pub(crate) fn respond<W: StreamWriter>(answers: Answers<W::Event>, mut writer: W) -> Response {
    let waiting = VecDeque::from(writer.begin());
    let events =
        stream::unfold((Some(answers), writer, waiting), |(mut answers, mut writer, mut waiting)| async move {
            loop {
                if let Some(event) = waiting.pop_front() {
                    return Some((Ok::<_, Infallible>(event), (answers, writer, waiting)));
                }
                match answers.as_mut()?.next().await {
                    Ok(Some((index, event))) => waiting.extend(writer.pieces(index, event)),
                    Ok(None) => {
                        waiting.extend(writer.end());
                        answers = None;
                    }
                    Err(error) => {
                        waiting.push_back(data(&error.body()));
                        answers = None;
                    }
                }
            }
        });
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // Proxies would hold pieces back.
    let headers = [(CACHE_CONTROL, "no-cache"), (HeaderName::from_static("x-accel-buffering"), "no")];
    (headers, stream).into_response()
}
