//! Requests subgroups in a browser and reads the adapter's vendor and architecture, neither of which wgpu 30 can do there
//! (<https://github.com/gfx-rs/wgpu/issues/10146>): `requestDevice` is wrapped for the length of one request and does both.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(inline_js = r#"
export function wrapRequestDevice(wantSubgroups) {
  const adapter = globalThis.GPUAdapter?.prototype;
  const request = { subgroups: false, name: "", vendor: "", architecture: "", restore() {} };
  if (!adapter) return request;
  const original = adapter.requestDevice;
  request.restore = () => { adapter.requestDevice = original; };
  adapter.requestDevice = function (descriptor = {}) {
    const { vendor = "", architecture = "", description = "" } = this.info ?? {};
    Object.assign(request, { vendor, architecture });
    request.name = description || [vendor, architecture].filter(Boolean).join(" ");
    if (!wantSubgroups || !this.features.has("subgroups")) return original.call(this, descriptor);
    request.subgroups = true;
    return original.call(this, { ...descriptor, requiredFeatures: [...(descriptor.requiredFeatures ?? []), "subgroups"] });
  };
  return request;
}
"#)]
extern "C" {
    /// A request for a device, under way.
    pub(crate) type WrappedRequest;

    /// Wraps `requestDevice`, which then requests subgroups if they are wanted and the adapter has them.
    #[wasm_bindgen(js_name = wrapRequestDevice)]
    pub(crate) fn wrap_request_device(want_subgroups: bool) -> WrappedRequest;

    /// Restores the browser's own `requestDevice`.
    #[wasm_bindgen(method)]
    pub(crate) fn restore(this: &WrappedRequest);

    /// True where subgroups were requested.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn subgroups(this: &WrappedRequest) -> bool;

    /// The adapter's description, or its vendor and architecture.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn name(this: &WrappedRequest) -> String;

    /// The adapter's vendor.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn vendor(this: &WrappedRequest) -> String;

    /// The adapter's architecture.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn architecture(this: &WrappedRequest) -> String;
}
