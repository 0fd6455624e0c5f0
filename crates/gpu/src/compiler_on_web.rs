//! Compiles pipelines as browsers do in the background, with `createComputePipelineAsync`, which wgpu 30 has no word for: a
//! pipeline made as usual keeps all that is sent to the device later from running until it is compiled. For the length of one
//! creation, `createComputePipeline` is replaced by it. Once its promise resolves, the same creation as usual gets what the browser has.

use std::cell::RefCell;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use crate::pipelines::Pipeline;

#[wasm_bindgen(inline_js = r#"
export function compileInstead(device) {
  let compiled = Promise.resolve();
  device.createComputePipeline = (descriptor) => {
    // What is wrong with it shows when it's made as usual.
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
    /// Begins to replace; what it gives ends that, and gives the promise of the pipeline.
    #[wasm_bindgen(js_name = compileInstead)]
    fn compile_instead(device: &JsValue) -> js_sys::Function;
}

/// What the browser is compiling.
#[derive(Default)]
pub(crate) struct Compiler {
    compiling: RefCell<Vec<(Pipeline, js_sys::Promise)>>,
}

impl Compiler {
    /// Has `pipeline` compiled beside those that are under way.
    pub(crate) fn begin(&self, pipeline: &Pipeline) {
        let Some(device) = pipeline.device().as_webgpu() else { return };
        let end = compile_instead(device.as_ref());
        drop(pipeline.create());
        if let Ok(compiled) = end.call0(&JsValue::UNDEFINED) {
            self.compiling.borrow_mut().push((pipeline.clone(), js_sys::Promise::from(compiled)));
        }
    }

    /// Resolves once nothing is being compiled any more.
    pub(crate) async fn finished(&self) {
        let compiling = self.compiling.take();
        for (pipeline, compiled) in compiling {
            // The browser keeps a pipeline for those who ask again as long as somebody has it.
            let kept = JsFuture::from(compiled).await;
            pipeline.get();
            drop(kept);
        }
    }
}
