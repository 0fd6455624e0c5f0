// WebGPU, without which there is nothing to do.
import { WgslmError } from "./errors.js";

/** Fails before a worker is started or a byte fetched where nothing could come of it. */
export function requireWebGpu(): void {
  if (globalThis.navigator && "gpu" in navigator) return;
  throw new WgslmError("no-webgpu", webGpuAdvice());
}

function webGpuAdvice(): string {
  if (typeof Worker === "undefined" || typeof isSecureContext === "undefined") {
    return "this package runs in browsers, whose WebGPU it uses; on a server or a command line, use the program wgslm";
  }
  return isSecureContext
    ? "this browser has no WebGPU; use a current Chrome, Edge, Firefox or Safari, with hardware acceleration on"
    : "browsers offer WebGPU to secure pages only; open this page over https or on localhost";
}
