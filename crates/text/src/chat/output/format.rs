//! The formats in which families of models write reasoning and tool calls, as data.

use super::markers::{Action, Form, Marker, Place, Syntax, Writing};

/// The format in which a model writes reasoning and tool calls.
#[derive(Clone, Copy, Debug)]
pub struct OutputFormat {
    pub(super) family: &'static Family,
    pub(super) reasoning: Option<&'static Reasoning>,
}

impl PartialEq for OutputFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
            && self.reasoning.map(|reasoning| reasoning.open) == other.reasoning.map(|reasoning| reasoning.open)
    }
}

/// A family's way of writing calls.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    /// Lists of texts; a template that has all of a list is of this family.
    evidence: &'static [&'static [&'static str]],
    /// Texts of formats that are alike but not known; a template that has one is of no family.
    unlike: &'static [&'static str],
    /// The reasoning of most of its models.
    reasoning: Option<&'static Reasoning>,
    pub(super) markers: &'static [Marker],
    /// The way in which its models are trained to write calls, for a grammar that makes them do so.
    pub(super) writing: Option<Writing>,
    /// Further texts inside of calls that may be control tokens.
    pub(super) inner: &'static [&'static str],
}

/// A family's way of writing reasoning.
#[derive(Debug)]
pub(super) struct Reasoning {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
    pub(super) markers: [Marker; 2],
}

impl Reasoning {
    const fn new(open: &'static str, close: &'static str, place: Place) -> Self {
        let markers = [
            Marker { text: open, place, action: Action::Reason, is_part: false },
            Marker { text: close, place: Place::Reasoning, action: Action::Answer, is_part: false },
        ];
        Self { open, close, markers }
    }
}

/// The ways of writing reasoning. `<think>` is ordinary text to many tokenizers, so that in the middle of an answer it may be part of
/// it; the others are control tokens.
static REASONING: [Reasoning; 3] = [
    Reasoning::new("<think>", "</think>", Place::Start),
    Reasoning::new("[THINK]", "[/THINK]", Place::Anywhere),
    Reasoning::new("<|channel>thought", "<channel|>", Place::Anywhere),
];
static THINK: &Reasoning = &REASONING[0];

const fn opens(text: &'static str, syntax: Syntax) -> Marker {
    Marker { text, place: Place::Anywhere, action: Action::Call(syntax), is_part: false }
}

const fn closes(text: &'static str) -> Marker {
    Marker { text, place: Place::AfterCall, action: Action::Skip, is_part: false }
}

const fn skips(text: &'static str) -> Marker {
    Marker { text, place: Place::Everywhere, action: Action::Skip, is_part: false }
}

const fn header(text: &'static str, place: Place) -> Marker {
    Marker { text, place, action: Action::Header, is_part: true }
}

/// The families, in the order in which their evidence is looked for.
static FAMILIES: &[Family] = &[
    Family {
        name: "harmony",
        evidence: &[&["<|channel|>", "<|message|>"]],
        unlike: &[],
        reasoning: None,
        markers: &[
            header("<|start|>", Place::Everywhere),
            header("<|channel|>", Place::Everywhere),
            header(" to=functions.", Place::Start),
            skips("<|end|>"),
            skips("<|return|>"),
            skips("<|call|>"),
        ],
        writing: Some(Writing { first: "", between: None, last: "", form: Form::Channel }),
        inner: &["<|message|>", "<|constrain|>"],
    },
    Family {
        name: "gemma4",
        evidence: &[&["<|tool_call>", "<tool_call|>"]],
        unlike: &[],
        reasoning: Some(&REASONING[2]),
        markers: &[opens("<|tool_call>", Syntax::Gemma), closes("<tool_call|>")],
        writing: Some(Writing {
            first: "<|tool_call>call:",
            between: Some("<tool_call|><|tool_call>call:"),
            last: "<tool_call|>",
            form: Form::Gemma,
        }),
        inner: &["<|\"|>"],
    },
    Family {
        name: "lfm2",
        evidence: &[&["<|tool_call_start|>"], &["<|tool_list_start|>"], &["<|im_start|>", "List of tools: ["]],
        unlike: &[],
        reasoning: Some(THINK),
        markers: &[opens("<|tool_call_start|>", Syntax::Python), closes("<|tool_call_end|>")],
        writing: Some(Writing {
            first: "<|tool_call_start|>[",
            between: Some(", "),
            last: "]<|tool_call_end|>",
            form: Form::Python,
        }),
        inner: &[],
    },
    Family {
        name: "qwen3-coder",
        evidence: &[&["<tool_call>", "<function=", "<parameter="]],
        unlike: &[],
        reasoning: Some(THINK),
        markers: &[
            opens("<tool_call>", Syntax::Tagged),
            // The model leaves out the outer tag at times.
            Marker { text: "<function=", place: Place::Start, action: Action::Call(Syntax::Tagged), is_part: true },
            closes("</tool_call>"),
        ],
        writing: Some(Writing {
            first: "<tool_call>\n",
            between: Some("\n</tool_call>\n<tool_call>\n"),
            last: "\n</tool_call>",
            form: Form::Tagged,
        }),
        inner: &[],
    },
    Family {
        name: "mistral-args",
        evidence: &[&["[TOOL_CALLS]", "[ARGS]"]],
        unlike: &[],
        reasoning: Some(&REASONING[1]),
        markers: &[opens("[TOOL_CALLS]", Syntax::Mistral)],
        writing: Some(Writing {
            first: "[TOOL_CALLS]",
            between: Some("[TOOL_CALLS]"),
            last: "",
            form: Form::Named("[ARGS]"),
        }),
        inner: &["[ARGS]", "[CALL_ID]"],
    },
    Family {
        name: "mistral",
        evidence: &[&["[TOOL_CALLS]"]],
        unlike: &[],
        reasoning: Some(&REASONING[1]),
        markers: &[opens("[TOOL_CALLS]", Syntax::Mistral)],
        writing: Some(Writing {
            first: "[TOOL_CALLS][",
            between: Some(", "),
            last: "]",
            form: Form::Json("arguments"),
        }),
        inner: &["[ARGS]", "[CALL_ID]"],
    },
    Family {
        name: "hermes",
        evidence: &[&["<tool_call>"]],
        unlike: &["<arg_key>", "<tool_calls>", "<invoke name="],
        reasoning: Some(THINK),
        markers: &[opens("<tool_call>", Syntax::Json), closes("</tool_call>")],
        writing: Some(Writing {
            first: "<tool_call>\n",
            between: Some("\n</tool_call>\n<tool_call>\n"),
            last: "\n</tool_call>",
            form: Form::Json("arguments"),
        }),
        inner: &[],
    },
    Family {
        name: "granite",
        evidence: &[&["<|tool_call|>"]],
        unlike: &[],
        reasoning: Some(THINK),
        markers: &[opens("<|tool_call|>", Syntax::Json), closes("<|/tool_call|>")],
        writing: Some(Writing {
            first: "<|tool_call|>[",
            between: Some(", "),
            last: "]",
            form: Form::Json("arguments"),
        }),
        inner: &[],
    },
    Family {
        name: "llama3",
        evidence: &[&["<|python_tag|>"], &["<|start_header_id|>", "\"parameters\":"]],
        unlike: &["<function="],
        reasoning: None,
        markers: &[
            opens("<|python_tag|>", Syntax::Json),
            Marker { text: "{", place: Place::Start, action: Action::Call(Syntax::BareJson), is_part: true },
            closes(";"),
        ],
        writing: Some(Writing { first: "", between: None, last: "", form: Form::Json("parameters") }),
        inner: &[],
    },
    NONE,
];

/// The family without calls.
const NONE: Family = Family {
    name: "none",
    evidence: &[],
    unlike: &[],
    reasoning: Some(THINK),
    markers: &[],
    writing: None,
    inner: &[],
};

impl OutputFormat {
    /// The format that a chat template's source shows.
    #[must_use]
    pub fn detect(template: &str) -> Self {
        let has = |text: &&str| template.contains(*text);
        let shows = |family: &&Family| {
            family.evidence.iter().any(|texts| texts.iter().all(has)) && !family.unlike.iter().any(has)
        };
        let family = FAMILIES.iter().find(shows).unwrap_or(&const { NONE });
        let reasoning = match family.name {
            "harmony" => None,
            _ => REASONING.iter().find(|reasoning| has(&reasoning.open) || has(&reasoning.close)),
        };
        Self { family, reasoning }
    }

    /// The format of this name, one of [`Self::names`], with the reasoning of most of its models.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let family = FAMILIES.iter().find(|family| family.name == name)?;
        Some(Self { family, reasoning: family.reasoning })
    }

    /// The names of all formats.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FAMILIES.iter().map(|family| family.name)
    }

    /// The name of the family, such as `hermes`; `none` where no tool calls are known of.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.family.name
    }

    /// True if the model can call tools in a way that is known.
    #[must_use]
    pub fn has_calls(&self) -> bool {
        !self.family.markers.is_empty()
    }

    /// The texts that structure answers. Where the vocabulary has control tokens of these texts, the parser needs to see them:
    /// [`Detokenizer::showing`](crate::Detokenizer::showing).
    pub fn marker_texts(&self) -> impl Iterator<Item = &'static str> {
        let reasoning = self.reasoning.into_iter().flat_map(|reasoning| [reasoning.open, reasoning.close]);
        // Gemma's marker of reasoning is a control token and a word.
        let opener = self.reasoning.and_then(|reasoning| reasoning.open.strip_suffix("thought"));
        let markers = self.family.markers.iter().map(|marker| marker.text);
        reasoning.chain(opener).chain(markers).chain(self.family.inner.iter().copied())
    }
}
