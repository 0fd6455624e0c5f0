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
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Starts Chromium, without any adapter if asked; `WGSLM_CHROMIUM` names another one than Debian's. */
export function launch({ webgpu = true } = {}) {
  const executablePath = process.env.WGSLM_CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, headless: true, args: webgpu ? [...FLAGS, ...WEBGPU] : FLAGS });
}
