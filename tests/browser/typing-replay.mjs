// Replays typed text on a model in Chromium, and prints what typing-replay.html measures: node typing-replay.mjs MODEL [KEYS [TEXTS]]. WGSLM_SITE_URL is the address of the site.
import { readFile } from "node:fs/promises";
import { launch } from "./chromium.mjs";

const [model = "/models/smollm2-135m-instruct-q4_1.gguf", keys = "60", typed = "english,code"] = process.argv.slice(2);
const browser = await launch();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  for (const [name, contentType] of [["typing-replay.html", "text/html"], ["typing-replay-texts.mjs", "text/javascript"]]) {
    const body = await readFile(new URL(name, import.meta.url));
    await page.route(`**/${name}*`, (route) => route.fulfill({ contentType, body }));
  }
  const address = new URL("/typing-replay.html", process.env.WGSLM_SITE_URL);
  address.search = new URLSearchParams({ m: model, keys, texts: typed });
  await page.goto(address.href);
  await page.waitForFunction(() => document.title === "measured");
  console.log(await page.textContent("pre"));
} finally {
  await browser.close();
}
