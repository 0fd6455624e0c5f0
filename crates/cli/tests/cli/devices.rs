//! Tests of `wgslm devices` and of choosing a device.

use crate::program::{device_names, generate, has_device, tiny_model, wgslm, wgslm_with};

#[test]
fn devices_are_listed_for_programs_and_for_people() {
    if !has_device() {
        return;
    }
    let report = wgslm(&["devices", "--json"]).json();
    let text = wgslm(&["devices"]).succeeded();
    for (index, device) in report["devices"].as_array().expect("a list").iter().enumerate() {
        assert_eq!(device["index"].as_u64(), Some(index as u64));
        for key in ["name", "backend", "driver"] {
            assert!(device[key].is_string(), "{key}: {device}");
        }
        assert!(device["software"].is_boolean(), "{device}");
        assert!(
            device["features"].as_array().is_some_and(|all| all.iter().all(|feature| feature.is_string())),
            "{device}"
        );
        assert!(device["max_binding"].as_u64().is_some_and(|bytes| bytes >= 1 << 27), "{device}");
        let line = format!("{index}  {}", device["name"].as_str().expect("a name"));
        assert!(text.lines().any(|found| found == line), "{line:?} is missing in\n{text}");
    }
}

#[test]
fn a_device_is_chosen_by_index_or_part_of_its_name() {
    let adapter = |environment: &[(&str, &str)], arguments: &[&str]| {
        let options = ["generate", "--model", &tiny_model(), "--tokens", "1", "--max-tokens", "0", "--json"];
        wgslm_with(environment, &[&options, arguments].concat()).json()["adapter"].clone()
    };
    let part = |name: &str| name.chars().take(8).collect::<String>().to_uppercase();
    for (index, name) in device_names().iter().enumerate() {
        assert_eq!(adapter(&[], &["--device", &index.to_string()]), *name);
        assert_eq!(adapter(&[], &["--device", &part(name)]), *name);
    }
    let (Some(first), Some(last)) = (device_names().first(), device_names().last()) else { return };
    assert_eq!(adapter(&[("WGSLM_DEVICE", &part(last))], &[]), *last);
    assert_eq!(
        adapter(&[("WGSLM_DEVICE", "no such device")], &["--device", &part(last)]),
        *last,
        "the option comes first"
    );
    assert_eq!(adapter(&[("WGSLM_DEVICE", "")], &[]), *first, "an empty variable asks for nothing");
}

#[test]
fn a_device_that_is_not_there_is_told_with_those_that_are() {
    let Some(name) = device_names().first() else { return };
    for device in ["no such device", "99"] {
        generate(&["--device", device]).failed(1, name);
    }
}
