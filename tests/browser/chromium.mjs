// Chromium with WebGPU on its software adapter.
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
];
// SwiftShader compiles a store for each word of workgroup memory that has to begin as zero, which takes it most of the time. No kernel
// reads what it hasn't written, and natively none begins as zero either.
const WEBGPU = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-dawn-features=disable_workgroup_init",
];

/** Starts Chromium, without any adapter if asked; `WGSLM_CHROMIUM` names another one than Debian's. */
export function launch({ webgpu = true } = {}) {
  return chromium.launch(settings(webgpu));
}

/** Starts Chromium with a profile in a folder, which has the quotas of a visitor's; gives its one context. */
export function launchProfile(folder, { webgpu = true } = {}) {
  return chromium.launchPersistentContext(folder, settings(webgpu));
}

function settings(webgpu) {
  const executablePath = process.env.WGSLM_CHROMIUM ?? "/usr/bin/chromium";
  return { executablePath, headless: true, args: webgpu ? [...FLAGS, ...WEBGPU] : FLAGS };
}
