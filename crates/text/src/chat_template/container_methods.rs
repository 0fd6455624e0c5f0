//! Python's methods of dictionaries and lists, except those that change them, as in Jinja's sandbox.

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use super::arguments::{bind, invalid, required};
use super::objects::View;

/// Calls a method that `value` itself doesn't have.
pub(super) fn call_method(_: &mut State, value: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::String => super::string_methods::call(value.as_str().unwrap_or_default(), method, arguments),
        ValueKind::Map => map_method(value, method, arguments),
        ValueKind::Seq => list_method(value, method, arguments),
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn map_method(map: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let keys = || map.try_iter()?.checked().collect::<Result<Vec<Value>, Error>>();
    let view = |name, items| Ok(Value::from_object(View { name, items }));
    match method {
        "keys" | "values" | "items" | "copy" => {
            let [] = bind(method, arguments, [])?;
            let pair = |key: Value| map.get_item(&key).map(|value| (key, value));
            let pairs: Vec<(Value, Value)> = keys()?.into_iter().map(pair).collect::<Result<_, _>>()?;
            match method {
                "keys" => view("dict_keys", pairs.into_iter().map(|(key, _)| key).collect()),
                "values" => view("dict_values", pairs.into_iter().map(|(_, value)| value).collect()),
                "items" => view(
                    "dict_items",
                    pairs.into_iter().map(|(key, value)| Value::from(Tuple::from([key, value]))).collect(),
                ),
                _ => Ok(Value::from_pairs(pairs)),
            }
        }
        "get" => {
            let [key, default] = bind(method, arguments, ["key", "default"])?;
            let key = required(method, key)?;
            let found = map.as_object().and_then(|map| map.get_value(&key));
            Ok(found.or(default).unwrap_or_else(|| Value::from(())))
        }
        "fromkeys" => {
            let [keys, value] = bind(method, arguments, ["iterable", "value"])?;
            let keys = required(method, keys)?.try_iter()?.checked().collect::<Result<Vec<_>, _>>()?;
            let value = value.unwrap_or_else(|| Value::from(()));
            Ok(Value::from_pairs(keys.into_iter().map(|key| (key, value.clone()))))
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn list_method(list: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let items = || list.try_iter()?.checked().collect::<Result<Vec<Value>, Error>>();
    match method {
        "copy" => {
            let [] = bind(method, arguments, [])?;
            Ok(Value::from(items()?))
        }
        "count" | "index" => {
            let [wanted] = bind(method, arguments, ["value"])?;
            let wanted = required(method, wanted)?;
            let items = items()?;
            match method {
                "count" => Ok(Value::from(items.iter().filter(|item| **item == wanted).count())),
                _ => match items.iter().position(|item| *item == wanted) {
                    Some(position) => Ok(Value::from(position)),
                    None => Err(invalid("the value is not in the list")),
                },
            }
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}
