//! Stop strings in streamed text.

/// The effect of a piece of text: the text that may be shown, and whether a stop string has ended it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StopOutcome {
    /// Text that can't be part of a stop string.
    pub text: String,
    /// True once a stop string has come; no text follows.
    pub stopped: bool,
}

/// Watches streamed text for stop strings, and holds back only text that may be the start of one.
///
/// The stop string that is complete first ends the text (the longest, if several are complete at once), and the text before it is
/// shown. The result doesn't depend on how the text was cut into pieces.
#[derive(Clone, Debug, Default)]
pub struct StopMatcher {
    stops: Vec<String>,
    pending: String,
    stopped: bool,
}

impl StopMatcher {
    /// A matcher for `stops`. Empty strings are ignored; if there are no others, all text passes.
    #[must_use]
    pub fn new(stops: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let stops = stops.into_iter().map(Into::into).filter(|stop: &String| !stop.is_empty()).collect();
        Self { stops, pending: String::new(), stopped: false }
    }

    /// Takes the next piece of text.
    pub fn push(&mut self, text: &str) -> StopOutcome {
        if self.stopped {
            return StopOutcome { text: String::new(), stopped: true };
        }
        self.pending.push_str(text);
        let first = self.stops.iter().filter_map(|stop| {
            let start = self.pending.find(stop)?;
            Some((start + stop.len(), start))
        });
        if let Some((_, start)) = first.min() {
            self.stopped = true;
            self.pending.truncate(start);
        }
        let held_from = if self.stopped { self.pending.len() } else { self.possible_start() };
        let held = self.pending.split_off(held_from);
        StopOutcome { text: std::mem::replace(&mut self.pending, held), stopped: self.stopped }
    }

    /// Ends the stream: returns the text still held back. The matcher can then be used for another text.
    pub fn finish(&mut self) -> String {
        self.stopped = false;
        std::mem::take(&mut self.pending)
    }

    /// The start of the longest suffix of the pending text that may become a stop string.
    fn possible_start(&self) -> usize {
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let earliest = (self.pending.len() + 1).saturating_sub(longest);
        (earliest..self.pending.len())
            .filter(|&start| self.pending.is_char_boundary(start))
            .find(|&start| self.stops.iter().any(|stop| stop.starts_with(&self.pending[start..])))
            .unwrap_or(self.pending.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let mut matcher = StopMatcher::new(stops.iter().copied());
        let mut text = String::new();
        for piece in pieces {
            let outcome = matcher.push(piece);
            text.push_str(&outcome.text);
            if outcome.stopped {
                assert_eq!(matcher.push("more"), StopOutcome { text: String::new(), stopped: true });
                assert_eq!(matcher.finish(), "");
                return (text, true);
            }
        }
        text.push_str(&matcher.finish());
        (text, false)
    }

    #[test]
    fn text_ends_before_the_first_whole_stop_string() {
        for (stops, pieces, text, stopped) in [
            (&["</s>"][..], &["Hello ", "<", "/", "s>", "x"][..], "Hello ", true),
            (&["</s>"], &["a<", "b"], "a<b", false),
            (&["aab"], &["a", "a", "a", "b"], "a", true),
            (&["abab"], &["aba", "aba", "b"], "aba", true),
            (&["abc", "b"], &["xab", "c"], "xa", true),
            (&["c", "abc"], &["xab", "c"], "x", true),
            (&["\n\n", "User:"], &["one\n", "User", ": two"], "one\n", true),
            (&["é"], &["caf", "é", "!"], "caf", true),
            (&["日本"], &["今日", "は日", "本"], "今日は", true),
            (&[], &["any", "thing"], "anything", false),
            (&[""], &["any", "", "thing"], "anything", false),
            (&["stop"], &["sto"], "sto", false),
            (&["stop"], &["stop"], "", true),
        ] {
            assert_eq!(stream(stops, pieces), (text.to_owned(), stopped), "{stops:?} in {pieces:?}");
        }
    }

    #[test]
    fn only_a_possible_start_is_held_back() {
        let mut matcher = StopMatcher::new(["END", "ENOUGH"]);
        for (piece, shown) in [("the E", "the "), ("N", ""), ("T", "ENT"), ("ENO", ""), ("END", "ENO")] {
            assert_eq!(matcher.push(piece).text, shown, "after {piece:?}");
        }
        assert_eq!(matcher.finish(), "");
        assert_eq!(matcher.push("again"), StopOutcome { text: "again".to_owned(), stopped: false });
    }

    #[test]
    fn pieces_do_not_change_the_result() {
        let text = "日aab本abaabéabbé日本aab";
        let stops: [&[&str]; 6] =
            [&["abb", "bb"], &["本a", "baa"], &["é日"], &["aab", "ab本"], &["zz"], &["b本abaab", "aa"]];
        for stops in stops {
            let whole = stream(stops, &[text]);
            for size in 1..6 {
                let characters: Vec<char> = text.chars().collect();
                let pieces: Vec<String> = characters.chunks(size).map(|piece| piece.iter().collect()).collect();
                let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
                assert_eq!(stream(stops, &pieces), whole, "{stops:?} in pieces of {size}");
            }
        }
    }
}
