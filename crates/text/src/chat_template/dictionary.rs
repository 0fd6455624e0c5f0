//! The variables of a template: JSON as Jinja's values.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr};
use minijinja::{Error, State, Value};

use super::container_methods::call_method;

/// The value of `json` in a template.
pub(super) fn value_of(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::from(()),
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::from(number),
            (_, Some(number)) => Value::from(number),
            _ => number.as_f64().map_or_else(|| Value::from(()), Value::from),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(value_of).collect::<Vec<_>>().into(),
        Json::Object(entries) => Value::from_object(Dictionary {
            keys: entries.keys().map(|key| Value::from(key.as_str())).collect(),
            entries: Value::from_pairs(entries.iter().map(|(key, value)| (key.as_str(), value_of(value)))),
        }),
    }
}

/// True for dictionaries of the JSON that a template is given.
pub(super) fn is_dictionary(value: &Value) -> bool {
    value.downcast_object_ref::<Dictionary>().is_some()
}

/// A dictionary whose methods are attributes, as in Python: `tool.items is defined` whatever the keys are.
#[derive(Debug)]
struct Dictionary {
    keys: Vec<Value>,
    entries: Value,
}

impl Object for Dictionary {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.entries.as_object()?.get_value(key)
    }

    /// Looks up attributes; `get_value` looks up subscripts and the keys of `in`.
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "items" | "keys" | "values" | "get" | "copy" => {
                let of = Value::from_dyn_object(Arc::clone(self));
                Some(Value::from_object(Method { of, name: key.to_owned() }))
            }
            _ => self.get_value(&Value::from(key)),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.keys.clone())
    }
}

/// A method bound to a value, before its call.
#[derive(Debug)]
struct Method {
    of: Value,
    name: String,
}

impl Object for Method {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, arguments: &[Value]) -> Result<Value, Error> {
        call_method(state, &self.of, &self.name, arguments)
    }
}
