// Chromium with WebGPU on its software adapter, and the site under test.
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
];

/** Starts Chromium; `WGSLM_CHROMIUM` names another one than Debian's. */
export function launch() {
  const executablePath = process.env.WGSLM_CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}
