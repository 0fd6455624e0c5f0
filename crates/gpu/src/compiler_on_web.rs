//! Compiles pipelines in the browser's background, by `createComputePipelineAsync`, which wgpu 30 has no call for. A pipeline
//! made by `createComputePipeline` instead holds up everything submitted after it until it is compiled. So while wgpu creates a
//! pipeline, the asynchronous function takes that one's place; once its promise resolves, creating the pipeline as usual gets the
//! compiled one from the browser.

use std::cell::RefCell;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use crate::pipelines::Pipeline;

#[wasm_bindgen(inline_js = r#"
export function compileInstead(device) {
  let compiled = Promise.resolve();
  device.createComputePipeline = (descriptor) => {
    // Errors are reported when the pipeline is created as usual.
    compiled = device.createComputePipelineAsync(descriptor).catch(() => undefined);
    return {};
  };
  return () => {
    delete device.createComputePipeline;
    return compiled;
  };
}
"#)]
extern "C" {
    /// Replaces `createComputePipeline` on `device`; the function returned restores it and returns the pipeline's promise.
    #[wasm_bindgen(js_name = compileInstead)]
    fn compile_instead(device: &JsValue) -> js_sys::Function;
}

/// The pipelines that the browser is compiling, with their promises.
#[derive(Default)]
pub(crate) struct Compiler {
    compiling: RefCell<Vec<(Pipeline, js_sys::Promise)>>,
}

impl Compiler {
    /// Starts to compile `pipeline` in the background.
    pub(crate) fn begin(&self, pipeline: &Pipeline) {
        let Some(device) = pipeline.device().as_webgpu() else { return };
        let end = compile_instead(device.as_ref());
        drop(pipeline.create());
        if let Ok(compiled) = end.call0(&JsValue::UNDEFINED) {
            self.compiling.borrow_mut().push((pipeline.clone(), js_sys::Promise::from(compiled)));
        }
    }

    /// Resolves once every pipeline begun before this call, and not waited for yet, is compiled.
    pub(crate) fn finished(&self) -> impl Future<Output = ()> + use<> {
        let compiling = self.compiling.take();
        async move {
            for (pipeline, compiled) in compiling {
                // The browser caches a compiled pipeline only while something refers to it.
                let kept = JsFuture::from(compiled).await;
                pipeline.get();
                drop(kept);
            }
        }
    }
}
