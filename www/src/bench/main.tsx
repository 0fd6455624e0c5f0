// The benchmark page's entry: by hand, or with `?model=...` by itself, for a server that takes the result.
import "../styles/tokens.css";
import "../styles/base.css";
import { render } from "preact";
import { applyTheme } from "../app/theme.ts";
import { registerServiceWorker } from "../offline/register.ts";
import { BenchPage } from "./page.tsx";
import { start } from "./run.ts";

applyTheme();
render(<BenchPage />, document.getElementById("app")!);
void start();
registerServiceWorker();
