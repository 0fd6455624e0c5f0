// The site's pages, driven as a visitor would.
import { createServer } from "node:http";
import { site } from "./browser.mjs";

/** Waits until the page is in a state, which it shows on its body. */
export const inState = (page, state) => page.waitForSelector(`body[data-state="${state}"]`);

/** Gives the page files by name, as a visitor chooses them. */
export const choose = (page, files) =>
  page.setInputFiles(
    "#file",
    Object.entries(files).map(([name, buffer]) => ({ name, buffer, mimeType: "application/octet-stream" })),
  );

/** Goes to one of the site's pages by its address, without a load. */
export async function goTo(page, path) {
  await page.evaluate((hash) => void (location.hash = hash), `#/${path}`);
  await page.waitForSelector(`.side a[href="#/${path}"][aria-current="page"]`);
  await page.waitForSelector(`main > .${path}`);
}

/** Changes settings of the chat, by the ids of their fields. */
export async function set(page, values) {
  await page.click("#options");
  for (const [id, value] of Object.entries(values)) {
    if (typeof value === "boolean") await page.setChecked(`#${id}`, value);
    else await page.fill(`#${id}`, String(value));
  }
  await page.click("dialog[open] .settings-head button");
}

/** Asks the chat, and gives the text of the answer once it is complete. */
export async function ask(page, question) {
  await page.fill("#prompt", question);
  await page.press("#prompt", "Enter");
  return answered(page);
}

/** The text of the last answer, once it is complete. */
export async function answered(page) {
  await inState(page, "ready");
  await page.waitForSelector(".turn:last-child .answer[data-finish-reason]");
  return page.locator(".turn:last-child .generated").allTextContents().then((texts) => texts.join("\n"));
}

/** Another server of the site, below a path of its own, that can be stopped; `requests` are those that it got so far. */
export async function mirror(path) {
  const requests = [];
  const server = createServer(async ({ url, headers: { referer = "", range, "if-range": condition } }, response) => {
    const { pathname } = new URL(url, "http://mirror.invalid");
    if (!pathname.startsWith(path)) return response.writeHead(404).end();
    const found = await fetch(site(pathname.slice(path.length - 1)), { headers: { ...(range && { range }), ...(condition && { "if-range": condition }) } });
    const body = Buffer.from(await found.arrayBuffer());
    requests.push({ path: pathname.slice(path.length), referer, body });
    response.writeHead(found.status, Object.fromEntries(found.headers)).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}${path}`, requests, stop };
}
