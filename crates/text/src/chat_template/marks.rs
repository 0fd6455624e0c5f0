//! Distinguishes the control tokens that a template writes from those that messages spell.
//!
//! A template may do anything with its texts, so the origin of a control token only shows in the output. The template runs twice:
//! with the texts as they are, and with marks (characters that occur nowhere else, one for one) in place of the characters that
//! control tokens begin and end with. If the outputs are the same but for the marks, control tokens with a mark in them come from
//! messages. If they aren't, the template looks at the marked characters, as many look for `</think>`. Then each text is marked
//! alone, and if that fails too, each control token of a text: with marks in it, behind it or before it. If none of these works,
//! the template takes the control token apart, and what it writes then counts as its own.

use std::ops::Range;

use serde_json::{Map, Value};

use super::json::escaped;
use crate::tokenizer::control_texts::ControlTexts;
use crate::{Error, Prompt, Result};

/// The most control tokens of one text that are marked one by one. Any others count as plain text wherever they occur.
const MOST_OCCURRENCES: usize = 32;
/// The most runs of a template. Control tokens that would take more count as plain text wherever they occur.
const MOST_RUNS: usize = 256;

/// The variables of a template.
pub(super) type Variables = Map<String, Value>;

/// Renders with `run` and finds which control tokens of the output are from `variables`.
pub(super) fn render(
    variables: &Variables,
    controls: &ControlTexts,
    run: impl Fn(&Variables) -> Result<String>,
) -> Result<Prompt> {
    let output = run(variables)?;
    let mut texts = Vec::new();
    change_texts(variables, &mut |text| {
        texts.push(text.to_owned());
        text.to_owned()
    });
    let has_border = |text: &String| text.contains(controls.borders());
    let suspects: Vec<usize> = (0..texts.len()).filter(|&index| has_border(&texts[index])).collect();
    if suspects.is_empty() || controls.find(&output)?.is_empty() {
        return Ok(Prompt::trusted(output));
    }
    let alphabet = Alphabet::new(controls.borders(), &texts, &output)?;
    let mut search = Search { variables, controls, run, output, texts, alphabet, runs: 0 };
    let plain = search.plain(&suspects)?;
    Ok(Prompt::with_plain(&search.output, &plain))
}

/// The marks in a text.
#[derive(Clone)]
enum Marking {
    /// No marks.
    None,
    /// Marks in place of all characters that a control token may begin or end with.
    Borders,
    /// Marks at single control tokens, in the order in which they occur.
    Occurrences(Vec<Place>),
}

/// The place of a mark relative to its control token.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Nowhere,
    Inside,
    Behind,
    Before,
}

/// The characters that serve as marks.
struct Alphabet {
    borders: Vec<(char, char)>,
    behind: char,
    before: char,
}

impl Alphabet {
    /// Chooses symbols that no text contains. They have no case, aren't letters, and are never escaped or changed in writing.
    fn new(borders: &[char], texts: &[String], output: &str) -> Result<Self> {
        let mut symbols =
            ('\u{2801}'..='\u{28ff}').chain('\u{4dc0}'..='\u{4dff}').chain('\u{2500}'..='\u{259f}').filter(|symbol| {
                !output.contains(*symbol)
                    && !output.contains(&escaped(*symbol))
                    && !texts.iter().any(|text| text.contains(*symbol))
            });
        let mut next = || {
            let reason = "the messages hold so many rare symbols that none is left to mark them with".to_owned();
            symbols.next().ok_or(Error::ChatTemplate { reason })
        };
        let (behind, before) = (next()?, next()?);
        let borders = borders.iter().map(|border| Ok((*border, next()?))).collect::<Result<_>>()?;
        Ok(Self { borders, behind, before })
    }

    fn mark(&self, border: char) -> Option<char> {
        self.borders.iter().find(|(character, _)| *character == border).map(|(_, mark)| *mark)
    }
}

/// The places of marks in the output, in ascending order: marked characters, and the ends and starts of control tokens.
#[derive(Default)]
struct Found {
    characters: Vec<Range<usize>>,
    ends: Vec<usize>,
    starts: Vec<usize>,
}

struct Search<'given, Run> {
    variables: &'given Variables,
    controls: &'given ControlTexts,
    run: Run,
    output: String,
    texts: Vec<String>,
    alphabet: Alphabet,
    runs: usize,
}

impl<Run: Fn(&Variables) -> Result<String>> Search<'_, Run> {
    /// The ranges of the output in which control tokens are plain text; `suspects` are the indices of the texts that may spell
    /// some.
    fn plain(&mut self, suspects: &[usize]) -> Result<Vec<Range<usize>>> {
        let mut told = Vec::new();
        let found = match self.attempt(&self.borders(suspects))? {
            Some(found) => Some(found),
            None => {
                let mut markings = vec![Marking::None; self.texts.len()];
                self.settle_parts(suspects, &mut markings, &mut told)?;
                self.attempt(&markings)?
            }
        };
        let complete = found.is_some() && self.runs < MOST_RUNS;
        if !complete {
            for text in &self.texts {
                told.extend(self.controls.find(text)?.into_iter().map(|range| text[range].to_owned()));
            }
        }
        let found = found.unwrap_or_default();
        let is_plain = |range: &Range<usize>| {
            found.characters.iter().any(|mark| range.start < mark.end && mark.start < range.end)
                || found.ends.contains(&range.end)
                || found.starts.contains(&range.start)
                || told.iter().any(|text| *text == self.output[range.clone()])
        };
        Ok(self.controls.find(&self.output)?.into_iter().filter(is_plain).collect())
    }

    /// Border marks in the texts `suspects`, and no marks in others.
    fn borders(&self, suspects: &[usize]) -> Vec<Marking> {
        let mut markings = vec![Marking::None; self.texts.len()];
        suspects.iter().for_each(|&index| markings[index] = Marking::Borders);
        markings
    }

    /// Marks the texts `suspects` as thoroughly as the template allows; adds the control tokens that count nowhere to `told`.
    fn settle(&mut self, suspects: &[usize], markings: &mut [Marking], told: &mut Vec<String>) -> Result<()> {
        if self.attempt(&self.borders(suspects))?.is_none() {
            return self.settle_parts(suspects, markings, told);
        }
        suspects.iter().for_each(|&index| markings[index] = Marking::Borders);
        Ok(())
    }

    /// Works like [`Self::settle`], for texts that can't be marked all at once.
    fn settle_parts(&mut self, suspects: &[usize], markings: &mut [Marking], told: &mut Vec<String>) -> Result<()> {
        if let [index] = suspects {
            markings[*index] = self.settle_text(*index, told)?;
            return Ok(());
        }
        let (left, right) = suspects.split_at(suspects.len() / 2);
        self.settle(left, markings, told)?;
        self.settle(right, markings, told)
    }

    fn settle_text(&mut self, index: usize, told: &mut Vec<String>) -> Result<Marking> {
        let occurrences = self.controls.find(&self.texts[index])?;
        let mut places = vec![Place::Nowhere; occurrences.len()];
        for (number, occurrence) in occurrences.iter().enumerate() {
            if number >= MOST_OCCURRENCES {
                told.push(self.texts[index][occurrence.clone()].to_owned());
                continue;
            }
            for place in [Place::Inside, Place::Behind, Place::Before] {
                let mut trial = vec![Place::Nowhere; occurrences.len()];
                trial[number] = place;
                let mut markings = vec![Marking::None; self.texts.len()];
                markings[index] = Marking::Occurrences(trial);
                if self.attempt(&markings)?.is_some() {
                    places[number] = place;
                    break;
                }
            }
        }
        Ok(Marking::Occurrences(places))
    }

    /// Runs the template with marks; returns their places, if the output is the same but for them.
    fn attempt(&mut self, markings: &[Marking]) -> Result<Option<Found>> {
        if self.runs >= MOST_RUNS {
            return Ok(None);
        }
        self.runs += 1;
        let mut failure = None;
        let mut markings = markings.iter();
        let marked = change_texts(self.variables, &mut |text| {
            let marking = markings.next().unwrap_or(&Marking::None);
            self.marked(text, marking).unwrap_or_else(|error| {
                failure = Some(error);
                String::new()
            })
        });
        if let Some(error) = failure {
            return Err(error);
        }
        // A template that refuses a marked text depends on the marked characters.
        let Ok(output) = (self.run)(&marked) else { return Ok(None) };
        let (text, found) = self.unmarked(&output);
        Ok((text == self.output).then_some(found))
    }

    fn marked(&self, text: &str, marking: &Marking) -> Result<String> {
        let replaced =
            |text: &str| text.chars().map(|character| self.alphabet.mark(character).unwrap_or(character)).collect();
        let places = match marking {
            Marking::None => return Ok(text.to_owned()),
            Marking::Borders => return Ok(replaced(text)),
            Marking::Occurrences(places) => places,
        };
        let mut marked = String::with_capacity(text.len() + places.len());
        let mut at = 0;
        for (occurrence, place) in self.controls.find(text)?.into_iter().zip(places) {
            marked.push_str(&text[at..occurrence.start]);
            at = occurrence.end;
            let occurrence = &text[occurrence];
            marked.extend((*place == Place::Before).then_some(self.alphabet.before));
            match place {
                Place::Inside => marked.push_str(&replaced(occurrence)),
                _ => marked.push_str(occurrence),
            }
            marked.extend((*place == Place::Behind).then_some(self.alphabet.behind));
        }
        marked.push_str(&text[at..]);
        Ok(marked)
    }

    /// The output without marks, and the places of the marks.
    fn unmarked(&self, output: &str) -> (String, Found) {
        let mut text = String::with_capacity(output.len());
        let mut found = Found::default();
        let mut rest = output;
        while let Some((character, length)) = first_character(rest) {
            if character == self.alphabet.behind {
                found.ends.push(text.len());
            } else if character == self.alphabet.before {
                found.starts.push(text.len());
            } else if let Some((border, _)) = self.alphabet.borders.iter().find(|(_, mark)| *mark == character) {
                let start = text.len();
                text.push(*border);
                found.characters.push(start..text.len());
            } else {
                text.push_str(&rest[..length]);
            }
            rest = &rest[length..];
        }
        (text, found)
    }
}

/// The first character of `text` and its length in bytes; a JSON escape counts as the character that it stands for.
fn first_character(text: &str) -> Option<(char, usize)> {
    let escape = text.strip_prefix("\\u").and_then(|text| text.get(..4));
    let code = escape.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match code.and_then(char::from_u32).filter(|character| !character.is_ascii()) {
        Some(character) => Some((character, 6)),
        None => text.chars().next().map(|character| (character, character.len_utf8())),
    }
}

/// The variables with every text, including keys, replaced by `change`, in a fixed order.
fn change_texts(variables: &Variables, change: &mut dyn FnMut(&str) -> String) -> Variables {
    // The names of the variables are the template's.
    variables.iter().map(|(name, value)| (name.clone(), change_text(value, change))).collect()
}

fn change_text(value: &Value, change: &mut dyn FnMut(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| change_text(item, change)).collect()),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (change(key), change_text(value, change)));
            Value::Object(fields.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
