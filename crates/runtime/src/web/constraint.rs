//! Grammars of the other WebAssembly module, as constraints of answers.

use js_sys::Reflect;
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use wgslm_text::{Constraint, Error, Result};

use crate::engine::Constrained;

#[wasm_bindgen]
extern "C" {
    /// A compiled grammar before the first token of an answer, as the module of grammars makes it. Whoever is given it frees it.
    #[wasm_bindgen(typescript_type = "CompiledGrammar")]
    #[derive(Debug)]
    pub type JsConstraint;

    #[wasm_bindgen(method, catch)]
    fn mask(this: &JsConstraint, words: usize) -> std::result::Result<Vec<u32>, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn commit(this: &JsConstraint, token: u32) -> std::result::Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn forced(this: &JsConstraint) -> std::result::Result<Vec<u32>, JsValue>;
    #[wasm_bindgen(method, catch, js_name = isAccepting)]
    fn is_accepting(this: &JsConstraint) -> std::result::Result<bool, JsValue>;
    #[wasm_bindgen(method, catch, js_name = isComplete)]
    fn is_complete(this: &JsConstraint) -> std::result::Result<bool, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn rollback(this: &JsConstraint, tokens: usize) -> std::result::Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn fork(this: &JsConstraint) -> JsConstraint;
    #[wasm_bindgen(method, catch)]
    fn free(this: &JsConstraint) -> std::result::Result<(), JsValue>;
}

/// The part of a compiled grammar that the engine uses.
#[wasm_bindgen(typescript_custom_section)]
const COMPILED_GRAMMAR: &str = r"
/** A compiled grammar that follows one answer: a `GrammarConstraint` of the module of grammars. */
export interface CompiledGrammar {
    mask(words: number): Uint32Array;
    commit(token: number): void;
    forced(): Uint32Array;
    isAccepting(): boolean;
    isComplete(): boolean;
    rollback(tokens: number): void;
    fork(): CompiledGrammar;
    free(): void;
}
";

/// A constraint of an answer. The engine asks that it may move between threads; a worker's instance has one alone.
#[derive(Debug)]
struct OfModule(SendWrapper<JsConstraint>);

/// The grammar of an answer, where it has one.
pub(super) fn constrained(given: Option<JsConstraint>) -> Option<Constrained> {
    given.map(|constraint| Constrained::new(Box::new(OfModule(SendWrapper::new(constraint)))))
}

impl Constraint for OfModule {
    fn mask(&mut self, words: &mut [u32]) -> Result<()> {
        let mask = self.0.mask(words.len()).inspect_err(|_| words.fill(0));
        let mask = mask.map_err(|error| read(&error))?;
        words.fill(0);
        for (word, bits) in words.iter_mut().zip(mask) {
            *word = bits;
        }
        Ok(())
    }

    fn commit(&mut self, token: u32) -> Result<()> {
        self.0.commit(token).map_err(|error| match code(&error).as_deref() {
            Some("token-refused") => Error::TokenRefused { token },
            _ => read(&error),
        })
    }

    fn forced(&mut self) -> Result<Vec<u32>> {
        self.0.forced().map_err(|error| read(&error))
    }

    fn is_accepting(&mut self) -> bool {
        self.0.is_accepting().unwrap_or_default()
    }

    fn is_complete(&self) -> bool {
        // Whatever is wrong there shows with the next mask.
        self.0.is_complete().unwrap_or_default()
    }

    fn rollback(&mut self, tokens: usize) -> Result<()> {
        self.0.rollback(tokens).map_err(|error| read(&error))
    }

    fn fork(&self) -> Box<dyn Constraint> {
        Box::new(Self(SendWrapper::new(self.0.fork())))
    }
}

impl Drop for OfModule {
    fn drop(&mut self) {
        // An object that can't be freed is of a module that has ended.
        let _ = self.0.free();
    }
}

fn code(error: &JsValue) -> Option<String> {
    text(error, "code")
}

/// Reads an error of the module: the reason that it names or, of a trap, the message.
fn read(error: &JsValue) -> Error {
    let reason = text(error, "reason").or_else(|| text(error, "message")).unwrap_or_else(|| format!("{error:?}"));
    Error::Grammar { reason }
}

fn text(error: &JsValue, property: &str) -> Option<String> {
    Reflect::get(error, &property.into()).ok()?.as_string()
}
