// Ghost text by real key presses in Chromium: what is suggested is a known text, so that no model is needed.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { findings, inEveryLook } from "./accessibility.mjs";
import { openPackage } from "./browser.mjs";
import { bundled } from "./bundle.mjs";

const LIMIT = { timeout: 60_000 };
/** The text that the suggester knows. */
const KNOWN = "The quick brown fox jumps over the lazy dog.\nIt runs away.";

/** CodeMirror, and the extension that is tested. */
const EDITOR = `
  export { EditorView, keymap } from "@codemirror/view";
  export { EditorState } from "@codemirror/state";
  export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
  export { ghostText } from "wgslm/codemirror";`;

/** The page: fields with labels, and something below them that must not move. */
const BODY = `<!doctype html><html lang="en"><title>ghost text</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<style>
  :root { color-scheme: light dark } body { margin: 8px; font: 16px/1.5 sans-serif }
  textarea, #editable, #editor { box-sizing: border-box; width: 340px; height: 90px; padding: 7px; border: 2px solid; font: 15px/20px serif; overflow: auto }
</style>
<main><h1>Ghost text</h1><label>Text<br><textarea id="area"></textarea></label>
<div id="editable" contenteditable="true" role="textbox" aria-multiline="true" aria-label="Rich text"></div>
<div id="editor"></div><p id="below">Below</p></main></html>`;

describe("ghost text", () => {
  let page;

  before(async () => {
    page = await openPackage({ webgpu: false });
    const body = await bundled(EDITOR);
    await page.route("**/editor.js", (route) => route.fulfill({ contentType: "text/javascript", body }));
    await page.route("**/fields.html", (route) => route.fulfill({ contentType: "text/html", body: BODY }));
  });

  /** A test on a fresh page with a suggester and the field `id`, to which a function in the page attaches it. */
  function check(name, id, body) {
    test(name, LIMIT, async () => {
      await page.goto(new URL("/fields.html", page.url()).href);
      await page.evaluate(
        async ([known, id]) => {
          /** Knows how a text goes on, and remembers what it was asked and told. */
          window.suggester = {
            asked: [],
            taken: [],
            async *suggest({ prefix, suffix, signal }) {
              this.asked.push([prefix, suffix]);
              const found = prefix.length > 0 && known.startsWith(prefix) && suffix.trim() === "";
              for (const piece of found ? (known.slice(prefix.length).match(/\s*\S+|\s+/g) ?? []) : []) {
                signal.throwIfAborted();
                yield piece;
                await null;
              }
            },
            accepted(text) {
              this.taken.push(text);
            },
          };
          if (id === "editor") {
            const { EditorView, EditorState, ghostText, history, keymap, defaultKeymap, historyKeymap, indentWithTab } = await import("/editor.js");
            const keys = keymap.of([indentWithTab, ...defaultKeymap, ...historyKeymap]);
            const label = EditorView.contentAttributes.of({ "aria-label": "Code" });
            const state = EditorState.create({ extensions: [history(), ghostText(window.suggester), keys, label, EditorView.lineWrapping] });
            window.view = new EditorView({ state, parent: document.getElementById(id) });
            window.read = () => window.view.state.doc.toString();
            window.shown = () => document.querySelector(".cm-wgslm-ghost")?.textContent ?? "";
            window.view.focus();
          } else {
            const { attachGhostText } = await import("/wgslm/ghost-text.js");
            const element = document.getElementById(id);
            window.ghost = attachGhostText(element, window.suggester);
            window.read = () => element.value ?? element.innerText.replaceAll("\u00a0", " ").replace(/\n$/, "");
            window.shown = () => {
              const drawn = element.parentElement.querySelector(".wgslm-ghost-text");
              const text = drawn.style.display === "none" ? "" : drawn.querySelector(".wgslm-ghost").textContent;
              if (text !== window.ghost.text) throw new Error(`drawn: ${text}, suggested: ${window.ghost.text}`);
              return text;
            };
            element.focus();
          }
        },
        [KNOWN, id],
      );
      await body();
    });
  }

  const state = () => page.evaluate(() => ({ text: window.read(), ghost: window.shown() }));
  /** Waits until the field and its ghost text are these. */
  async function expect(text, ghost) {
    const found = await page
      .waitForFunction(([text, ghost]) => window.read() === text && window.shown() === ghost, [text, ghost], { timeout: 3000, polling: 20 })
      .then(() => ({ text, ghost }), state);
    assert.deepEqual(found, { text, ghost });
  }
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());

  for (const id of ["area", "editable", "editor"]) {
    check(`${id}: Tab accepts all, Ctrl and the right arrow a word, Escape none, and undo takes it back`, id, async () => {
      await page.keyboard.type("The qui");
      await expect("The qui", KNOWN.slice(7));
      await page.keyboard.type("ck");
      await expect("The quick", KNOWN.slice(9));
      await press("Control+ArrowRight");
      await expect("The quick brown", KNOWN.slice(15));
      await press("Escape");
      await expect("The quick brown", "");
      assert.equal(await page.evaluate((id) => document.getElementById(id).contains(document.activeElement), id), true);
      await page.keyboard.type(" f");
      await expect("The quick brown f", KNOWN.slice(17));
      await press("Tab");
      await expect(KNOWN, "");
      assert.deepEqual(await page.evaluate(() => window.suggester.taken), [" brown", KNOWN.slice(17)]);
      for (let undone = 0; undone < 12 && (await state()).text === KNOWN; undone += 1) await press("Control+z");
      const { text } = await state();
      assert.ok(text.length < KNOWN.length && KNOWN.startsWith(text), text);
    });

    check(`${id}: what is typed otherwise takes it away, what is deleted again brings it back, and a moved cursor doesn't keep it`, id, async () => {
      await page.keyboard.type("The q");
      await expect("The q", KNOWN.slice(5));
      await page.keyboard.type("x");
      await expect("The qx", "");
      await press("Backspace");
      await expect("The q", KNOWN.slice(5));
      await press("ArrowLeft");
      await expect("The q", "");
      await press("ArrowRight");
      await page.keyboard.type("u");
      await expect("The qu", KNOWN.slice(6));
      await page.evaluate(() => document.activeElement.blur());
      if (id !== "editor") await expect("The qu", "");
    });
  }

  for (const id of ["area", "editable", "editor"]) {
    check(`${id}: an input method's text isn't suggested for before it is settled`, id, async () => {
      await page.keyboard.type("The ");
      await expect("The ", KNOWN.slice(4));
      const devtools = await page.context().newCDPSession(page);
      await devtools.send("Input.imeSetComposition", { text: "qu", selectionStart: 2, selectionEnd: 2 });
      await expect("The qu", "");
      const asked = await page.evaluate(() => window.suggester.asked.length);
      await devtools.send("Input.imeSetComposition", { text: "qui", selectionStart: 3, selectionEnd: 3 });
      assert.equal(await page.evaluate(() => window.suggester.asked.length), asked);
      await devtools.send("Input.insertText", { text: "qui" });
      await expect("The qui", KNOWN.slice(7));
      await devtools.detach();
    });
  }

  for (const id of ["area", "editable", "editor"]) {
    check(`${id}: screen readers are told politely, nothing moves, and axe-core finds nothing`, id, async () => {
      const below = () => page.evaluate(() => document.getElementById("below").getBoundingClientRect().top);
      const before = await below();
      const scrolled = () => page.evaluate(() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth]);
      const size = await scrolled();
      await page.keyboard.type("The quick brown fox jumps over the l");
      await expect("The quick brown fox jumps over the l", KNOWN.slice(36));
      assert.deepEqual([await below(), await scrolled()], [before, size]);
      const told = `Suggestion: ${KNOWN.slice(36)}. Tab accepts, Escape dismisses.`;
      await page.waitForFunction((told) => [...document.querySelectorAll("[aria-live=polite]")].some(({ textContent }) => textContent === told), told, { timeout: 3000 });
      await inEveryLook(page, async (look) => assert.deepEqual(await findings(page), [], look));
    });
  }

  for (const id of ["area", "editable"]) {
    check(`${id}: it stands behind the cursor, and follows scrolls and sizes`, id, async () => {
      const lines = Array.from({ length: 8 }, (_, index) => `line ${index}`);
      // Only the last line is known.
      await page.evaluate(() => (window.suggester.suggest = async function* ({ prefix }) {
        if (prefix.endsWith("The qui")) yield "ck";
      }));
      for (const line of lines) {
        await page.keyboard.type(line);
        await press("Enter");
      }
      await page.keyboard.type("The qui");
      await page.waitForFunction(() => window.shown() === "ck");
      /** The places of the ghost text, and of the field that it is in. */
      const places = () =>
        page.evaluate((id) => {
          const box = (element) => element.getBoundingClientRect().toJSON();
          const field = document.getElementById(id);
          return { ghost: box(field.parentElement.querySelector(".wgslm-ghost")), field: box(field), scrolled: field.scrollTop };
        }, id);
      const { ghost, field, scrolled } = await places();
      assert.ok(scrolled > 0);
      const textWidth = await page.evaluate(() => {
        const context = document.createElement("canvas").getContext("2d");
        context.font = "15px serif";
        return context.measureText("The qui").width;
      });
      assert.ok(Math.abs(ghost.left - (field.left + 9 + textWidth)) < 1.5, JSON.stringify({ ghost, field, textWidth }));
      assert.ok(ghost.top > field.bottom - 35 && ghost.bottom < field.bottom, JSON.stringify({ ghost, field }));
      await page.evaluate((id) => (document.getElementById(id).scrollTop -= 12), id);
      await page.waitForFunction(([id, top]) => Math.abs(document.getElementById(id).parentElement.querySelector(".wgslm-ghost").getBoundingClientRect().top - top) < 1.5, [id, ghost.top + 12], { timeout: 3000 });
      await page.evaluate((id) => Object.assign(document.getElementById(id).style, { width: "300px", marginTop: "40px" }), id);
      await page.waitForFunction(([id, top]) => Math.abs(document.getElementById(id).parentElement.querySelector(".wgslm-ghost").getBoundingClientRect().top - top) < 1.5, [id, ghost.top + 52], { timeout: 3000 });
    });
  }

  check("detached, it leaves nothing behind, and keys mean what they did", "area", async () => {
    await page.keyboard.type("The qui");
    await expect("The qui", KNOWN.slice(7));
    const left = await page.evaluate(() => {
      window.ghost.detach();
      return document.querySelectorAll(".wgslm-ghost-text, [aria-live]").length;
    });
    assert.equal(left, 0);
    await press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "editable");
  });

  check("fields that can't be typed into are left alone, and other elements refused", "area", async () => {
    const code = await page.evaluate(async () => {
      const { attachGhostText } = await import("/wgslm/ghost-text.js");
      document.getElementById("area").readOnly = true;
      document.getElementById("area").dispatchEvent(new InputEvent("input"));
      try {
        attachGhostText(document.getElementById("below"), window.suggester);
      } catch (error) {
        return error.code;
      }
    });
    assert.equal(code, "invalid-argument");
    assert.deepEqual(await page.evaluate(() => window.suggester.asked), []);
  });

  check("an error is told, and an abort isn't", "area", async () => {
    const errors = await page.evaluate(async () => {
      const { attachGhostText } = await import("/wgslm/ghost-text.js");
      const errors = [];
      window.ghost.detach();
      const failures = [new DOMException("newer", "AbortError"), new Error("gone")];
      const suggester = { suggest: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failures.shift()) }) }) };
      attachGhostText(document.getElementById("area"), suggester, { onError: ({ message }) => errors.push(message) });
      for (let typed = 0; typed < 2; typed += 1) {
        document.execCommand("insertText", false, "a");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return errors;
    });
    assert.deepEqual(errors, ["gone"]);
  });
});
