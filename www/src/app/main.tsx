// The site's entry: everything but the benchmark page.
import "../styles/tokens.css";
import "../styles/base.css";
import { render } from "preact";
import { DEFAULT } from "../engine/catalog.ts";
import { atAddress, inDrop } from "../engine/chosen.ts";
import { askForSupport, writer } from "../engine/runners.ts";
import { registerServiceWorker } from "../offline/register.ts";
import { App } from "./app.tsx";
import { applyTheme } from "./theme.ts";

applyTheme();
render(<App />, document.getElementById("app")!);
void start();
registerServiceWorker();

async function start(): Promise<void> {
  await askForSupport();
  const query = new URLSearchParams(location.search);
  const address = query.get("model");
  if (query.has("autoload")) await writer.load(address ? atAddress(address) : DEFAULT);
}

// A model may be dropped anywhere; a page that takes files of its own handles them first.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  if (!event.dataTransfer) return;
  void inDrop(event.dataTransfer)
    .catch(() => undefined)
    .then((dropped) => dropped && writer.load(dropped));
});
