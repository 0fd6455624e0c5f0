// Asks the page that has the engine, and shows the answer as it comes. Closing the popup stops the answer, and keeps the model.
const output = document.querySelector("output");

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = new FormData(event.target).get("question");
  output.textContent = "";
  output.removeAttribute("data-done");
  // `?model=` in the popup's address names another one.
  const { error } = await chrome.runtime.sendMessage({ open: `engine.html${location.search}` });
  if (error) return void (output.textContent = error);

  const port = chrome.runtime.connect();
  let text = "";
  port.onMessage.addListener((message) => {
    text += message.text ?? "";
    output.textContent = message.error ?? message.progress ?? text;
    if (!message.done) return;
    output.dataset.done = "";
    port.disconnect();
  });
  port.postMessage({ question });
});
