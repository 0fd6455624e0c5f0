//! The rows of a step.

use super::sequence::Sequence;
use super::{Kind, Part, RequestId};

/// Makes room for a sequence up to a length, as [`Memory::reserve`](super::Memory::reserve) does.
pub(super) type Reserve<'a> = dyn FnMut(RequestId, u32) -> bool + 'a;

/// The turns that sequences take where a step hasn't enough rows for all.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The place in the order of admission after which the next decode row is looked for.
    after: u64,
    /// The last step left a short prompt out, so prompts come before decode rows in the next one.
    prompts_first: bool,
}

impl Turns {
    /// The parts of a step of [`Kind::Few`], of `rows` rows at most: decode rows of all streams, and whole short prompts.
    pub(super) fn few(&mut self, running: &mut [Sequence], rows: u32, reserve: &mut Reserve<'_>) -> Vec<Part> {
        let mut parts = Parts { list: Vec::new(), free: rows };
        if self.prompts_first {
            short_prompts(running, &mut parts, reserve);
            self.decode(running, &mut parts, reserve);
            self.prompts_first = false;
        } else {
            self.decode(running, &mut parts, reserve);
            self.prompts_first = short_prompts(running, &mut parts, reserve);
        }
        parts.list
    }

    /// Adds decode rows, from the first sequence that the last step had no row for. A step has one part of a sequence, so those whose
    /// prompts it has wait for the next. A sequence has more than one row only where all others have theirs.
    fn decode(&mut self, running: &mut [Sequence], parts: &mut Parts, reserve: &mut Reserve<'_>) {
        let begin = running.partition_point(|sequence| sequence.admitted <= self.after);
        let prompts: Vec<RequestId> = parts.list.iter().map(|part| part.id).collect();
        let goes_on = |sequence: &Sequence| {
            sequence.decodes() && sequence.may_sample() && !prompts.contains(&sequence.request.id)
        };
        let mut others = running.iter().filter(|sequence| goes_on(sequence)).count() as u32;
        let (before, from) = running.split_at_mut(begin);
        for sequence in from.iter_mut().chain(before).filter(|sequence| goes_on(sequence)) {
            if parts.free == 0 {
                return;
            }
            others -= 1;
            let part = sequence.decode_part(parts.free.saturating_sub(others).max(1));
            // Where there is no room for drafts, the token before them goes on alone.
            let alone = Part { tokens: part.tokens - part.drafts, drafts: 0, ..part };
            if parts.add(sequence, part, reserve) || (part.drafts > 0 && parts.add(sequence, alone, reserve)) {
                self.after = sequence.admitted;
            }
        }
        self.after = 0;
    }
}

/// Adds short prompts, each as a whole, and returns true where one was left out because it has more rows than are free.
fn short_prompts(running: &mut [Sequence], parts: &mut Parts, reserve: &mut Reserve<'_>) -> bool {
    let mut left_out = false;
    for sequence in running.iter_mut().filter(|sequence| sequence.prefills(Kind::Few) && sequence.may_sample()) {
        let part = sequence.prompt_part(sequence.remaining());
        if part.tokens > parts.free {
            left_out = true;
        } else if !parts.add(sequence, part, reserve) {
            break;
        }
    }
    left_out
}

/// The parts of a step of [`Kind::Bulk`]: chunks of long prompts in the order of admission, at most `rows` rows of `most` prompts.
pub(super) fn bulk(running: &mut [Sequence], (rows, most): (u32, u32), reserve: &mut Reserve<'_>) -> Vec<Part> {
    let mut parts = Parts { list: Vec::new(), free: rows };
    for sequence in running.iter_mut().filter(|sequence| sequence.prefills(Kind::Bulk)) {
        if parts.free == 0 || parts.list.len() == most as usize {
            break;
        }
        let part = sequence.prompt_part(chunk(sequence.remaining(), parts.free));
        if part.samples && !sequence.may_sample() {
            continue;
        }
        // The prompts after this one leave it what memory there is.
        if !parts.add(sequence, part, reserve) {
            break;
        }
    }
    parts.list
}

/// The length of the next chunk of `remaining` tokens in chunks of nearly equal size, of which none has more than `rows` tokens.
fn chunk(remaining: u32, rows: u32) -> u32 {
    remaining.div_ceil(remaining.div_ceil(rows))
}

/// The parts of a step that is being put together.
struct Parts {
    list: Vec<Part>,
    /// Rows that the step has room for.
    free: u32,
}

impl Parts {
    /// Adds a part; false where memory is short.
    fn add(&mut self, sequence: &mut Sequence, part: Part, reserve: &mut Reserve<'_>) -> bool {
        if !reserve(part.id, part.first + part.tokens) {
            return false;
        }
        sequence.submit(&part);
        self.free -= part.tokens;
        self.list.push(part);
        true
    }
}
