//! Subgroups in a browser. wgpu 30 has no word for the feature there and so can't ask for it
//! (<https://github.com/gfx-rs/wgpu/issues/10146>): for the length of one request, `requestDevice` is wrapped and adds it.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(inline_js = r#"
export function requestSubgroups() {
  const adapter = globalThis.GPUAdapter?.prototype;
  if (!adapter) return { restore() {}, granted: false };
  const original = adapter.requestDevice;
  const request = { granted: false, restore() { adapter.requestDevice = original; } };
  adapter.requestDevice = function (descriptor = {}) {
    if (!this.features.has("subgroups")) return original.call(this, descriptor);
    request.granted = true;
    return original.call(this, { ...descriptor, requiredFeatures: [...(descriptor.requiredFeatures ?? []), "subgroups"] });
  };
  return request;
}
"#)]
extern "C" {
    /// A request for a device during which subgroups are asked for too.
    pub(super) type SubgroupRequest;

    #[wasm_bindgen(js_name = requestSubgroups)]
    pub(super) fn request_subgroups() -> SubgroupRequest;

    /// Puts the browser's own function back.
    #[wasm_bindgen(method)]
    pub(super) fn restore(this: &SubgroupRequest);

    /// Whether the adapter had subgroups, so that they were asked for.
    #[wasm_bindgen(method, getter)]
    pub(super) fn granted(this: &SubgroupRequest) -> bool;
}
