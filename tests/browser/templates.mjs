// A tiny model with a chat template: the golden one has none.
import { bytesOf } from "./browser.mjs";
import { withMetadata } from "./gguf-metadata.mjs";

const TINY = "/golden/arch/tiny-llama-q8_0.gguf";

/** Published templates by the family of their tool calls. */
const TEMPLATES = {
  qwen3: "Qwen-Qwen3-0.6B",
  mistral: "mistralai-Mistral-Nemo-Instruct-2407",
  harmony: "openai-gpt-oss-120b",
};

/** The names of the templates. */
export const FAMILIES = Object.keys(TEMPLATES);

/** The token that ends an answer of the tiny model, which random weights may choose at any time. */
export const STOP_TOKEN = 257;

/**
 * Serves a tiny model with a published template to a page, loads it as the global `engine`, once for all tests of the page, and
 * returns true; false where the site lacks a file.
 */
export async function loadTemplated(t, page, family) {
  const file = await bytesOf(t, TINY);
  const template = await bytesOf(t, `/golden/chat_templates/${TEMPLATES[family]}.jinja`);
  if (!file || !template) return false;
  const body = withMetadata(file, { "tokenizer.chat_template": template.toString() });
  const address = `/templated/${family}.gguf`;
  await page.route(`**${address}`, (route) => route.fulfill({ body }));
  await page.evaluate(async (address) => {
    window.engines ??= {};
    window.engine = window.engines[address] ??= await window.wgslm.Engine.load(address);
  }, address);
  return true;
}
