//! The interface to JavaScript: conversions, no logic. It is a WebAssembly module of its own, which a page loads when an answer must
//! follow a grammar for the first time.

use js_sys::{Function, Uint32Array};
use serde::Deserialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;
use wgslm_text::Constraint;

use crate::{Compiler, Error, Grammar, Limits, Tokenise, Tool, ToolCalls, Vocabulary, Whitespace};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn log(text: &str);

    /// The function that spells text as the model's tokenizer does.
    #[wasm_bindgen(typescript_type = "(text: string) => Uint32Array")]
    pub type JsTokenise;
}

/// Runs when the module is instantiated: writes the message of a panic to the console, since the trap that follows has none.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| log(&info.to_string())));
}

/// What an answer must match, from its first character to its last.
#[derive(Deserialize, Tsify)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum JsGrammar {
    /// JSON that a JSON Schema accepts.
    JsonSchema {
        /// The schema as JSON.
        schema: String,
        /// The white space of the answer; `flexible` if it is left out.
        #[tsify(optional)]
        whitespace: Option<JsWhitespace>,
    },
    /// Any JSON object.
    JsonObject {
        /// The white space of the answer; `flexible` if it is left out.
        #[tsify(optional)]
        whitespace: Option<JsWhitespace>,
    },
    /// Text that a regular expression of Rust matches as a whole.
    Regex {
        /// The regular expression.
        pattern: String,
    },
    /// A grammar in llguidance's variant of Lark.
    Lark {
        /// The grammar.
        grammar: String,
    },
    /// A grammar in llama.cpp's notation.
    Gbnf {
        /// The grammar.
        grammar: String,
    },
    /// One of some texts.
    Choice {
        /// The texts.
        texts: Vec<String>,
    },
    /// Calls of tools.
    ToolCalls {
        /// The text before a call.
        before: String,
        /// The text after a call.
        after: String,
        /// The text between two calls, if an answer may have several.
        #[tsify(optional)]
        between: Option<String>,
        /// The key of the arguments: `arguments` or `parameters`.
        arguments_key: String,
        /// The tools that may be called.
        tools: Vec<JsTool>,
        /// The white space of the arguments; `flexible` if it is left out.
        #[tsify(optional)]
        whitespace: Option<JsWhitespace>,
    },
}

/// A tool that a model may call.
#[derive(Deserialize, Tsify)]
#[serde(deny_unknown_fields)]
pub struct JsTool {
    /// Its name.
    name: String,
    /// The JSON Schema of its arguments as JSON.
    parameters: String,
}

/// The white space between the parts of a JSON answer.
#[derive(Clone, Copy, Deserialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub enum JsWhitespace {
    /// None.
    Compact,
    /// Any, up to 64 characters at a place.
    Flexible,
}

fn whitespace(given: Option<JsWhitespace>) -> Whitespace {
    match given {
        Some(JsWhitespace::Compact) => Whitespace::Compact,
        Some(JsWhitespace::Flexible) | None => Whitespace::Flexible,
    }
}

impl JsGrammar {
    fn into_grammar(self) -> Result<Grammar, Error> {
        Ok(match self {
            Self::JsonSchema { schema, whitespace: given } => {
                Grammar::JsonSchema { schema, whitespace: whitespace(given) }
            }
            Self::JsonObject { whitespace: given } => Grammar::JsonObject { whitespace: whitespace(given) },
            Self::Regex { pattern } => Grammar::Regex(pattern),
            Self::Lark { grammar } => Grammar::Lark(grammar),
            Self::Gbnf { grammar } => Grammar::Gbnf(grammar),
            Self::Choice { texts } => Grammar::Choice(texts),
            Self::ToolCalls { before, after, between, arguments_key, tools, whitespace: given } => {
                let tool = |JsTool { name, parameters }| Tool { name, parameters };
                let tools: Vec<_> = tools.into_iter().map(tool).collect();
                ToolCalls { before, after, between, arguments_key, whitespace: whitespace(given) }.grammar(&tools)?
            }
        })
    }
}

/// Compiles grammars for the vocabulary of a model.
#[wasm_bindgen(js_name = GrammarCompiler)]
pub struct JsCompiler {
    compiler: Compiler,
}

#[wasm_bindgen(js_class = GrammarCompiler)]
impl JsCompiler {
    /// Makes a compiler from the packed tokens of a model and the tokens that end an answer. Without `tokenise`, no token is forced.
    #[wasm_bindgen(constructor)]
    pub fn new(packed: &[u8], stop_tokens: &[u32], tokenise: Option<JsTokenise>) -> Result<Self, JsValue> {
        let tokenise = tokenise.map(|tokenise| spelling(tokenise.unchecked_into()));
        let vocabulary = Vocabulary::from_packed(packed, stop_tokens, tokenise).map_err(|error| to_js(&error))?;
        let compiler = Compiler::new(vocabulary, Limits::default()).map_err(|error| to_js(&error))?;
        Ok(Self { compiler })
    }

    /// Compiles a grammar; the result stands before the first token of an answer.
    pub fn compile(&self, grammar: Ts<JsGrammar>) -> Result<JsConstraint, JsValue> {
        let grammar = JsGrammar::from_js(grammar)
            .map_err(|error| js_error("invalid-option", &format!("the grammar is not usable: {error}")))?;
        let constraint = grammar.into_grammar().and_then(|grammar| self.compiler.compile(&grammar));
        Ok(JsConstraint { constraint: constraint.map_err(|error| to_js(&error))? })
    }
}

/// The answers of a JavaScript function that spells text. One that throws has no tokens for the text.
fn spelling(tokenise: Function) -> Tokenise {
    Box::new(move |text| {
        let tokens = tokenise.call1(&JsValue::NULL, &text.into()).ok();
        tokens
            .and_then(|tokens| tokens.dyn_into::<Uint32Array>().ok())
            .map(|tokens| tokens.to_vec())
            .unwrap_or_default()
    })
}

/// A grammar that follows one answer.
#[wasm_bindgen(js_name = GrammarConstraint)]
pub struct JsConstraint {
    constraint: Box<dyn Constraint>,
}

#[wasm_bindgen(js_class = GrammarConstraint)]
impl JsConstraint {
    /// The mask of the tokens that may come next, in so many words: token `t` is bit `t % 32` of word `t / 32`.
    pub fn mask(&mut self, words: usize) -> Result<Vec<u32>, JsValue> {
        let mut mask = vec![0; words];
        self.constraint.mask(&mut mask).map_err(|error| to_js(&error.into()))?;
        Ok(mask)
    }

    /// Appends a token to the answer.
    pub fn commit(&mut self, token: u32) -> Result<(), JsValue> {
        self.constraint.commit(token).map_err(|error| to_js(&error.into()))
    }

    /// The tokens that must come next.
    pub fn forced(&mut self) -> Result<Vec<u32>, JsValue> {
        self.constraint.forced().map_err(|error| to_js(&error.into()))
    }

    /// True if the answer may end here.
    #[wasm_bindgen(js_name = isAccepting)]
    pub fn is_accepting(&mut self) -> bool {
        self.constraint.is_accepting()
    }

    /// True if the answer must end here.
    #[wasm_bindgen(js_name = isComplete)]
    pub fn is_complete(&self) -> bool {
        self.constraint.is_complete()
    }

    /// Takes back the last tokens.
    pub fn rollback(&mut self, tokens: usize) -> Result<(), JsValue> {
        self.constraint.rollback(tokens).map_err(|error| to_js(&error.into()))
    }

    /// A copy in the same state, which goes its own way.
    pub fn fork(&self) -> Self {
        Self { constraint: self.constraint.fork() }
    }
}

/// Converts an error to a JavaScript `Error` with its `code` and, of an answer that can't follow its grammar, the `reason`, from
/// which the engine's module makes the same error again.
fn to_js(error: &Error) -> JsValue {
    let object = js_error(error.code(), &error.to_string());
    if let Error::Text(wgslm_text::Error::Grammar { reason }) = error {
        set(&object, "reason", reason);
    }
    object
}

fn js_error(code: &str, message: &str) -> JsValue {
    let object = js_sys::Error::new(message).into();
    set(&object, "code", code);
    object
}

/// Sets a property of an object made here, which can't fail.
fn set(object: &JsValue, name: &str, value: &str) {
    let _ = js_sys::Reflect::set(object, &name.into(), &value.into());
}
