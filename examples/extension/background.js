// Opens the page that has the engine, which stays when the popup closes. The browser ends this worker whenever it has nothing to do.
let opening;

chrome.runtime.onMessage.addListener(({ open }, _, answer) => {
  if (!open) return false;
  opening ??= openPage(open).finally(() => (opening = undefined));
  opening.then(() => answer({}), ({ message }) => answer({ error: message }));
  return true;
});

async function openPage(url) {
  const open = await chrome.runtime.getContexts({ contextTypes: ["OFFSCREEN_DOCUMENT"] });
  if (open.length > 0) return;
  await chrome.offscreen.createDocument({ url, reasons: ["WORKERS"], justification: "Runs the language model in a worker." });
}
