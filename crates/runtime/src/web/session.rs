//! Sessions, and their way to bytes and back.

use js_sys::{Function, Promise, Uint8Array};
use tsify::Ts;
use wasm_bindgen::prelude::*;

use super::abort::unless_aborted;
use super::constraint::{JsConstraint, constrained};
use super::error::{options, to_js};
use super::generation::JsGeneration;
use super::generation_options::GenerationOptions;
use super::prompt::JsPrompt;
use crate::engine::{Engine, Restore, Session};

/// A sequence of tokens that is kept between requests.
#[wasm_bindgen(js_name = Session)]
pub struct JsSession {
    engine: Engine,
    session: Session,
}

impl JsSession {
    pub(super) fn new(engine: &Engine, session: Session) -> Self {
        Self { engine: engine.clone(), session }
    }
}

#[wasm_bindgen(js_class = Session)]
impl JsSession {
    /// The number of tokens so far.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.session.len()
    }

    /// The number of leading tokens that the prefix cache holds.
    #[wasm_bindgen(getter)]
    pub fn held(&self) -> usize {
        self.session.held()
    }

    /// The tokens so far.
    pub fn tokens(&self) -> Vec<u32> {
        self.session.tokens()
    }

    /// Appends tokens.
    pub fn append(&mut self, tokens: &[u32]) -> Result<(), JsValue> {
        self.session.append(tokens).map_err(|error| to_js(&error))
    }

    /// Appends a text, in which special tokens are parsed.
    #[wasm_bindgen(js_name = appendText)]
    pub fn append_text(&mut self, text: &str) -> Result<(), JsValue> {
        self.session.append_text(text).map_err(|error| to_js(&error))
    }

    /// Makes the session's tokens those of a prompt.
    pub fn set(&mut self, prompt: JsPrompt) -> Result<(), JsValue> {
        self.session.set(&prompt.read()?).map_err(|error| to_js(&error))
    }

    /// Drops all tokens but the first `length`.
    pub fn truncate(&mut self, length: usize) {
        self.session.truncate(length);
    }

    /// A session with the same tokens, which goes its own way.
    pub fn fork(&self) -> Self {
        Self::new(&self.engine, self.session.fork())
    }

    /// Starts generating the continuation, which follows a grammar if one is given; its tokens become the session's as they come.
    pub fn generate(
        &mut self,
        wanted: Ts<GenerationOptions>,
        grammar: Option<JsConstraint>,
    ) -> Result<JsGeneration, JsValue> {
        let wanted = options(wanted)?.with(constrained(grammar), false).map_err(|error| to_js(&error))?;
        let generation = self.session.generate(wanted).map_err(|error| to_js(&error))?;
        Ok(JsGeneration::new(&self.engine, generation))
    }

    /// Reads the tokens so far into the cache, unless `aborted` rejects.
    pub async fn prefill(&mut self, aborted: Promise) -> Result<(), JsValue> {
        unless_aborted(aborted, self.session.prefill()).await
    }

    /// Gives the session as bytes to `each`, piece by piece, unless `aborted` rejects.
    pub async fn snapshot(
        &self,
        #[wasm_bindgen(unchecked_param_type = "(piece: Uint8Array<ArrayBuffer>) => void")] each: Function,
        aborted: Promise,
    ) -> Result<(), JsValue> {
        let mut thrown = None;
        let give = |piece: &[u8]| {
            if let Err(error) = each.call1(&JsValue::NULL, &Uint8Array::from(piece)) {
                thrown.get_or_insert(error);
            }
            Ok(())
        };
        unless_aborted(aborted, self.session.snapshot(give)).await?;
        thrown.map_or(Ok(()), Err)
    }
}

/// A session on its way back from its bytes.
#[wasm_bindgen(js_name = Restore)]
pub struct JsRestore {
    engine: Engine,
    restore: Restore,
}

impl JsRestore {
    pub(super) fn new(engine: &Engine) -> Self {
        Self { engine: engine.clone(), restore: engine.restore() }
    }
}

#[wasm_bindgen(js_class = Restore)]
impl JsRestore {
    /// Takes the next bytes, and waits until the device has room for more.
    pub async fn push(&mut self, bytes: Vec<u8>) -> Result<(), JsValue> {
        self.restore.push(&bytes).await.map_err(|error| to_js(&error))
    }

    /// The session, once all bytes have been pushed.
    pub fn finish(self) -> Result<JsSession, JsValue> {
        let session = self.restore.finish().map_err(|error| to_js(&error))?;
        Ok(JsSession::new(&self.engine, session))
    }
}
