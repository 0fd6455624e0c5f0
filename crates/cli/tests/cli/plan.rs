//! Tests of `wgslm plan`.

use crate::program::{has_device, tiny_model, wgslm};

#[test]
fn a_plan_tells_the_memory_and_what_takes_less() {
    if !has_device() {
        return;
    }
    let model = tiny_model();
    let plan = |more: &[&str]| wgslm(&[&["plan", "--json", "--model", &model], more].concat()).json();
    let bytes = |plan: &serde_json::Value, key: &str| plan[key].as_u64().expect("it is a number");
    let (long, short) = (plan(&["--context", "64"]), plan(&["--context", "16"]));
    for plan in [&long, &short] {
        let parts = ["weight_bytes", "kv_cache_bytes", "workspace_bytes"].map(|key| bytes(plan, key));
        assert_eq!(bytes(plan, "bytes"), parts.iter().sum::<u64>());
        assert_eq!(bytes(plan, "peak_bytes"), bytes(plan, "bytes") + bytes(plan, "loading_bytes"));
        assert_eq!(plan["within_limits"], true);
    }
    assert_eq!(bytes(&long, "weight_bytes"), bytes(&short, "weight_bytes"));
    assert!(bytes(&long, "kv_cache_bytes") > bytes(&short, "kv_cache_bytes"));
    let found = long["alternatives"].as_array().expect("it is a list");
    assert!(found.iter().any(|found| found["kv"] == "q8" && found["bytes"].as_u64() < long["bytes"].as_u64()));
    let text = wgslm(&["plan", "--model", &model]).succeeded();
    assert!(text.contains("the model takes") && text.contains("a KV cache of 8 bits"), "{text}");
}
