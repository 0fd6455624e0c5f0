//! Texts that structure an answer: where they count, and what follows them.

use super::deltas::{Channel, Deltas};

/// A text that structures an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marker {
    pub(super) text: &'static str,
    pub(super) place: Place,
    pub(super) action: Action,
    /// True if what follows is read from the marker on, false if from behind it.
    pub(super) is_part: bool,
}

/// The places where a marker counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// In the answer and in reasoning.
    Everywhere,
    /// In the answer.
    Anywhere,
    /// In the answer, before any text or right behind a call.
    Start,
    /// Right behind a call.
    AfterCall,
    /// In reasoning.
    Reasoning,
}

/// What follows a marker.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// Reasoning.
    Reason,
    /// The answer.
    Answer,
    /// A call, or several.
    Call(Syntax),
    /// The header of a harmony message.
    Header,
    /// Nothing: the marker itself is left out.
    Skip,
}

/// The notation of calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Syntax {
    /// `{"name": "f", "arguments": {...}}`, or a list of such.
    Json,
    /// The same without a marker, for known tools only.
    BareJson,
    /// `<function=f><parameter=a>...</parameter></function>`.
    Tagged,
    /// A list as JSON, or `f[ARGS]{...}`.
    Mistral,
    /// `call:f{a:1}`.
    Gemma,
    /// `[f(a=1)]`.
    Python,
}

/// The way in which models of a family are trained to write calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    /// The text before the first call.
    pub(super) first: &'static str,
    /// The text between two calls, where an answer can have several.
    pub(super) between: Option<&'static str>,
    /// The text behind the last call.
    pub(super) last: &'static str,
    pub(super) form: Form,
}

/// The form of one call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// An object of a name and of arguments, which have this key.
    Json(&'static str),
    /// The name, this text, and the arguments as JSON.
    Named(&'static str),
    /// A harmony message for the tool.
    Channel,
    /// Tags of a function and its parameters.
    Tagged,
    /// The name and the arguments in Gemma's notation.
    Gemma,
    /// A call in Python's notation.
    Python,
}

impl Marker {
    /// True if the marker counts behind what has come.
    pub(super) fn counts(&self, deltas: &Deltas) -> bool {
        let reasoning = deltas.channel == Channel::Reasoning;
        match self.place {
            Place::Everywhere => true,
            Place::Anywhere => !reasoning,
            Place::Start => !reasoning && deltas.at_start,
            Place::AfterCall => !reasoning && deltas.after_call,
            Place::Reasoning => reasoning,
        }
    }
}
