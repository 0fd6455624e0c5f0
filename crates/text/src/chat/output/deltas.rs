//! The deltas of an answer under way, and the texts that may still become others.

use super::delta::Delta;

/// The kind of the text outside of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Channel {
    /// The answer's text.
    #[default]
    Content,
    /// Reasoning before it.
    Reasoning,
}

/// A collector of deltas, which joins neighbours of a kind.
#[derive(Debug)]
pub(super) struct Deltas {
    ready: Vec<Delta>,
    pub(super) channel: Channel,
    /// White space that is text only if more text follows.
    space: String,
    /// True if white space is left out until text comes, since a marker was before it.
    pub(super) after_marker: bool,
    /// True where the next text is the first since a call, or since the channel began.
    pub(super) at_start: bool,
    /// True where nothing but white space has come since a call.
    pub(super) after_call: bool,
    calls: usize,
    in_call: bool,
    /// The number of changes to calls so far.
    pub(super) changes: u64,
    seed: u64,
}

impl Deltas {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            ready: Vec::new(),
            channel: Channel::Content,
            space: String::new(),
            after_marker: false,
            at_start: true,
            after_call: false,
            calls: 0,
            in_call: false,
            changes: 0,
            seed,
        }
    }

    /// Takes the deltas so far.
    pub(super) fn take(&mut self) -> Vec<Delta> {
        std::mem::take(&mut self.ready)
    }

    /// Adds a character of text. White space is held back until it is known what follows.
    pub(super) fn text(&mut self, character: char) {
        if character.is_whitespace() {
            if !self.after_marker {
                self.space.push(character);
            }
            return;
        }
        self.release_space();
        self.write(character.encode_utf8(&mut [0; 4]));
    }

    /// Adds text that turned out to be no call, white space and all.
    pub(super) fn verbatim(&mut self, text: &str) {
        if !text.is_empty() {
            self.release_space();
            self.write(text);
        }
    }

    /// Adds the white space that is held back.
    pub(super) fn release_space(&mut self) {
        let space = std::mem::take(&mut self.space);
        if !space.is_empty() {
            self.write(&space);
        }
    }

    /// Leaves out white space beside a marker.
    pub(super) fn drop_space(&mut self) {
        self.space.clear();
        self.after_marker = true;
    }

    fn write(&mut self, text: &str) {
        (self.after_marker, self.at_start, self.after_call) = (false, false, false);
        match (self.channel, self.ready.last_mut()) {
            (Channel::Content, Some(Delta::Content(before))) | (Channel::Reasoning, Some(Delta::Reasoning(before))) => {
                before.push_str(text);
            }
            (Channel::Content, _) => self.ready.push(Delta::Content(text.to_owned())),
            (Channel::Reasoning, _) => self.ready.push(Delta::Reasoning(text.to_owned())),
        }
    }

    /// Goes on with text of this channel.
    pub(super) fn switch(&mut self, channel: Channel) {
        (self.channel, self.at_start, self.after_call) = (channel, true, false);
        self.drop_space();
    }

    /// True between the beginning and the end of a call.
    pub(super) fn in_call(&self) -> bool {
        self.in_call
    }

    /// Begins a call of the tool `name`.
    pub(super) fn begin_call(&mut self, name: &str) {
        self.drop_space();
        self.in_call = true;
        self.changes += 1;
        let id = call_id(self.seed, self.calls as u64);
        self.ready.push(Delta::ToolCall { index: self.calls, id, name: name.to_owned() });
    }

    /// Adds a piece of the call's arguments.
    pub(super) fn arguments(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.changes += 1;
        match self.ready.last_mut() {
            Some(Delta::Arguments { text, .. }) => text.push_str(piece),
            _ => self.ready.push(Delta::Arguments { index: self.calls, text: piece.to_owned() }),
        }
    }

    /// Ends the call.
    pub(super) fn end_call(&mut self, complete: bool) {
        self.in_call = false;
        self.changes += 1;
        self.ready.push(Delta::ToolCallEnd { index: self.calls, complete });
        self.calls += 1;
        (self.after_marker, self.at_start, self.after_call) = (true, true, true);
    }
}

/// The id of a call: nine letters and digits, since Mistral's templates take no others.
fn call_id(seed: u64, index: u64) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // SplitMix64 (Steele, Lea and Flood, 2014).
    let mut mixed = seed.wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    let digit = |_| {
        let digit = DIGITS[(mixed % 62) as usize];
        mixed /= 62;
        char::from(digit)
    };
    (0..9).map(digit).collect()
}
