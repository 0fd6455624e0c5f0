// How the chat draws what models write: safely, folded where it is long, and the same after a reload.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { findings, inEveryLook } from "./accessibility.mjs";
import { openPage } from "./browser.mjs";
import { inState } from "./site.mjs";

const ANSWER = `## Sleep

Keep a **steady** schedule & see [the guide](https://example.org/a?b=1&c=2).

1. Dark room
2. Cool *air*

- [x] done

| Habit | Effect |
|---|--:|
| Coffee late | -40 min |

\`\`\`python
def fib(n):
    return n if n < 2 else fib(n - 1)
\`\`\`

> Small steps count.`;

/** What must never run, load or lead anywhere but to a page. */
const HOSTILE = [
  '<img src=x onerror="window.hacked=1">',
  "<script>window.hacked=1</script>",
  '<svg onload="window.hacked=1"><a xlink:href="javascript:window.hacked=1">a</a></svg>',
  "[a link](javascript:window.hacked=1)",
  "[a link](JaVaScRiPt:window.hacked=1)",
  "[a link](data:text/html,<script>window.hacked=1</script>)",
  "[a link](vbscript:x) <javascript:window.hacked=1>",
  "![an image](https://elsewhere.invalid/secret.png)",
  '[a link](https://example.org "\\" onmouseover=\\"window.hacked=1")',
  "| a |\n|---|\n| <img src=x onerror=window.hacked=1> |",
  '```"><img src=x onerror=window.hacked=1>\n<img src=x onerror=window.hacked=1>\n```',
  "# <iframe src=javascript:window.hacked=1></iframe>",
  "`<img src=x onerror=window.hacked=1>` **<b onclick=window.hacked=1>b</b>**",
  '<a href="javascript:window.hacked=1">x</a> <style>body{display:none}</style>',
];

const step = (text, more = {}) => ({ reasoning: "", text, calls: [], results: [], ...more });
const turn = (question, steps) => ({ question, steps, figures: "9 tokens · 40.0 tokens/s", ending: "stop" });
const call = { id: "c1", type: "function", function: { name: "calculate", arguments: '{"expression":"6*7"}' } };
const CHATS = [
  ["rich", [turn("Give me tips.", [step("", { reasoning: "The user wants tips.", calls: [call], results: ["42"] }), step(ANSWER)])]],
  ["hostile", [turn("<img src=x onerror=window.hacked=1>", [step(HOSTILE.join("\n\n"), { reasoning: HOSTILE[0], calls: [{ ...call, function: { name: HOSTILE[0], arguments: HOSTILE[1] } }], results: [HOSTILE[0]] })])]],
].map(([id, turns], index) => ({ id, system: "", turns, usedAt: index }));

describe("drawing", { timeout: 120_000 }, () => {
  let page;
  const requests = [];
  before(async () => {
    page = await openPage("/", {
      setUp: async (opened) => {
        opened.on("request", (request) => requests.push(request.url()));
        await opened.addInitScript((chats) => localStorage.setItem("wgslm.chats", chats), JSON.stringify(CHATS));
      },
    });
    await inState(page, "empty");
  });
  const open = async (index) => {
    await page.locator(".side .chat-name").nth(index).click();
    await page.waitForSelector(".answer[data-finish-reason]");
  };

  test("an answer in Markdown has its elements, and code its colours", async () => {
    await open(0);
    const answer = page.locator(".generated");
    for (const [selector, text] of [
      ["h2", "Sleep"],
      ["strong", "steady"],
      ["em", "air"],
      ["ol > li:nth-child(2)", "Cool air"],
      ["td:nth-child(2)", "-40 min"],
      ["blockquote", "Small steps count."],
      ["pre code", "def fib(n):\n    return n if n < 2 else fib(n - 1)"],
    ]) {
      assert.equal((await answer.locator(selector).first().textContent()).trim(), text, selector);
    }
    assert.equal(await answer.locator("a").getAttribute("href"), "https://example.org/a?b=1&c=2");
    assert.match(await answer.locator("a").getAttribute("rel"), /noopener/);
    assert.match(await answer.locator("p").first().textContent(), /schedule & see/);
    assert.equal(await answer.locator("input[type=checkbox]").isChecked(), true);
    await page.waitForSelector(".generated pre .hljs-keyword");
  });

  test("reasoning and calls of tools are folded, and tell when they are opened", async () => {
    await open(0);
    assert.equal(await page.isVisible(".reasoning-text"), false);
    await page.locator(".reasoning summary").press("Enter");
    assert.equal(await page.textContent(".reasoning-text"), "The user wants tips.");
    assert.equal(await page.isVisible(".reasoning-text"), true);
    assert.match(await page.textContent(".call summary"), /calculate/);
    assert.equal(await page.isVisible(".call pre"), false);
    await page.locator(".call summary").press("Enter");
    assert.deepEqual(await page.locator(".call pre").allTextContents(), ['{"expression":"6*7"}', "42"]);
    await inEveryLook(page, async (look) => assert.deepEqual(await findings(page), [], look));
  });

  test("nothing that a model writes runs, is fetched, or leads to a script", async () => {
    await open(1);
    for (const summary of await page.locator(".reasoning summary, .call summary").all()) await summary.click();
    assert.equal(await page.locator("#transcript").locator("img, script, iframe, style, object, embed, b").count(), 0);
    const attributes = await page.evaluate(() =>
      [...document.querySelectorAll("#transcript *")].flatMap((element) => element.getAttributeNames().filter((name) => name.startsWith("on"))),
    );
    assert.deepEqual(attributes, []);
    const links = await page.evaluate(() => [...document.querySelectorAll("#transcript a")].map(({ href }) => href));
    assert.ok(links.length > 0 && links.every((href) => /^https:\/\//.test(href)), links.join());
    const shown = await page.textContent(".generated");
    assert.ok(shown.includes("<script>window.hacked=1</script>") && shown.includes('<img src=x onerror="window.hacked=1">'), "tags are text");
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.deepEqual(
      requests.filter((url) => url.includes("elsewhere.invalid")),
      [],
    );
  });
});
