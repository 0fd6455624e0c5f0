// Asks the demo page from the terminal: node ask.mjs URL PROMPT. The answer streams to stdout, all else to stderr.
import { launch } from "./chromium.mjs";

const [address, prompt] = process.argv.slice(2);
if (!address || !prompt) {
  console.error("usage: node ask.mjs URL PROMPT");
  process.exit(2);
}

const browser = await launch();
try {
  const page = await browser.newPage();
  // A software adapter can take minutes over a long answer; what hangs is the caller's to stop.
  page.setDefaultTimeout(0);
  const failed = new Promise((_, reject) => page.on("pageerror", reject));
  await Promise.race([ask(page), failed]);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function ask(page) {
  await page.exposeFunction("printPiece", (piece) => process.stdout.write(piece));
  await page.exposeFunction("printProgress", (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`));
  const url = new URL(address);
  url.searchParams.set("autoload", "1");
  await page.goto(url.href);
  await page.evaluate(() => {
    let shown = "";
    let printed = 0;
    // The page draws its elements anew as it goes on, so what is watched is the page.
    new MutationObserver(() => {
      const amount = document.getElementById("amount")?.textContent.trim() ?? "";
      if (amount !== shown) window.printProgress((shown = amount));
      window.printRest();
    }).observe(document.body, { childList: true, characterData: true, subtree: true });
    window.printRest = () => {
      const written = [...document.querySelectorAll(".turn:last-child .generated")].map((step) => step.textContent).join("\n");
      const rest = written.slice(printed);
      printed += rest.length;
      return rest ? window.printPiece(rest) : undefined;
    };
  });
  await settled(page, "ready");
  await page.evaluate(() => window.printProgress(""));
  // As it was written: what is drawn as Markdown changes as it grows.
  await page.click("#options");
  await page.uncheck("#markdown");
  await page.keyboard.press("Escape");
  await page.fill("#prompt", prompt);
  await page.click("#send");
  await page.waitForSelector(".answer[data-finish-reason]");
  await settled(page, "ready");
  await page.evaluate(() => window.printRest());
  process.stdout.write("\n");
  console.error(await page.textContent(".answer .figures"));
}

/** Waits until the page is in a state, or shows an error, which it throws. */
async function settled(page, state) {
  const error = page.locator("#error");
  await page.locator(`body[data-state="${state}"]`).or(error).first().waitFor();
  if (await error.isVisible()) throw new Error((await error.innerText()).replaceAll("\n", " "));
}
