//! Python's objects that templates make or ask for: `range`, views of dictionaries, `cycler` and `joiner`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, ErrorKind, State, Value};

use super::arguments::{Arguments, bind, bind_arguments, invalid};
use super::python_text::repr_of;

/// `range(start, stop, step)`.
#[derive(Debug)]
pub(super) struct Range {
    start: i64,
    stop: i64,
    step: i64,
    length: usize,
}

impl Range {
    /// Makes a range from its arguments.
    pub(super) fn value(arguments: Arguments) -> Result<Value, Error> {
        let [first, second, step] = bind_arguments("range", arguments, ["start", "stop", "step"])?;
        let number = |value: Value| {
            if value.is_integer() { i64::try_from(value) } else { Err(invalid("range takes whole numbers")) }
        };
        let first = number(super::arguments::required("range", first)?)?;
        let (start, stop) = match second {
            Some(stop) => (first, number(stop)?),
            None => (0, first),
        };
        let step = step.map_or(Ok(1), number)?;
        let (from, to) = if step > 0 { (start, stop) } else { (stop, start) };
        let distance = u64::try_from(i128::from(to) - i128::from(from)).unwrap_or(0);
        let length = match step.unsigned_abs() {
            0 => return Err(invalid("the step of a range must not be 0")),
            step => usize::try_from(distance.div_ceil(step)).unwrap_or(usize::MAX),
        };
        // Python's sandbox has the same limit.
        if length > 100_000 {
            return Err(invalid("a range has at most 100000 numbers"));
        }
        Ok(Value::from_object(Self { start, stop, step, length }))
    }
}

impl Object for Range {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key.as_usize().filter(|index| *index < self.length)?;
        // The sum is in the range, even if the product wraps.
        Some(Value::from(self.start.wrapping_add((index as i64).wrapping_mul(self.step))))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.length)
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "range({}, {}", self.start, self.stop)?;
        if self.step == 1 { formatter.write_str(")") } else { write!(formatter, ", {})", self.step) }
    }
}

/// The result of `keys()`, `values()` or `items()` of a dictionary.
#[derive(Debug)]
pub(super) struct View {
    pub(super) name: &'static str,
    pub(super) items: Vec<Value>,
}

impl Object for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items.clone())
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = repr_of(&Value::from(self.items.clone())).map_err(|_| fmt::Error)?;
        write!(formatter, "{}({items})", self.name)
    }
}

/// `cycler('a', 'b')`: one item after the other, again and again.
#[derive(Debug)]
pub(super) struct Cycler {
    items: Vec<Value>,
    position: AtomicUsize,
}

impl Cycler {
    /// Makes a cycler of its arguments.
    pub(super) fn value(items: Arguments) -> Result<Value, Error> {
        let items = items.into_values();
        if items.is_empty() {
            return Err(invalid("cycler needs an item"));
        }
        Ok(Value::from_object(Self { items, position: AtomicUsize::new(0) }))
    }

    fn current(&self) -> Value {
        self.items[self.position.load(Ordering::Relaxed) % self.items.len()].clone()
    }
}

impl Object for Cycler {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str() == Some("current")).then(|| self.current())
    }

    fn call_method(self: &Arc<Self>, _: &mut State, name: &str, arguments: &[Value]) -> Result<Value, Error> {
        let [] = bind(name, arguments, [])?;
        match name {
            "next" => {
                let current = self.current();
                self.position.fetch_add(1, Ordering::Relaxed);
                Ok(current)
            }
            "reset" => {
                self.position.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// `joiner(', ')`: nothing at the first call, the separator at all others.
#[derive(Debug)]
pub(super) struct Joiner {
    separator: Value,
    used: AtomicBool,
}

impl Joiner {
    /// Makes a joiner from its arguments.
    pub(super) fn value(arguments: Arguments) -> Result<Value, Error> {
        let [separator] = bind_arguments("joiner", arguments, ["sep"])?;
        let separator = separator.unwrap_or_else(|| Value::from(", "));
        Ok(Value::from_object(Self { separator, used: AtomicBool::new(false) }))
    }
}

impl Object for Joiner {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, arguments: &[Value]) -> Result<Value, Error> {
        let [] = bind("joiner", arguments, [])?;
        Ok(if self.used.swap(true, Ordering::Relaxed) { self.separator.clone() } else { Value::from("") })
    }
}
