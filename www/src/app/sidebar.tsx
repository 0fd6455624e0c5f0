// Where to go, the chats, and what is loaded.
import { ChatList } from "../chat/list.tsx";
import { support, writer } from "../engine/runners.ts";
import { Icon } from "../ui/icon.tsx";
import { parameters } from "../ui/format.ts";
import { ROUTES, route } from "./routes.ts";
import { isDark, theme } from "./theme.ts";

export function Wordmark() {
  return (
    <a class="wordmark" href="#/chat">
      <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M7 11l4 11 5-11 5 11 4-11" />
      </svg>
      wgslm
    </a>
  );
}

export function Sidebar({ onLeave }: { onLeave?: () => void }) {
  return (
    <div class="sidebar">
      <div class="sidebar-head">
        <Wordmark />
        {onLeave && (
          <button type="button" class="plain icon" aria-label="Close the menu" onClick={onLeave}>
            <Icon name="close" />
          </button>
        )}
      </div>
      <nav aria-label="Pages" onClick={(event) => (event.target as Element).closest("a") && onLeave?.()}>
        {ROUTES.map(({ path, title, icon }) => (
          <a key={path} href={`#/${path}`} class="destination" aria-current={route.value.path === path ? "page" : undefined}>
            <Icon name={icon} />
            {title}
          </a>
        ))}
        <a href="bench.html" class="destination">
          <Icon name="bench" />
          Benchmark
        </a>
      </nav>
      <div class="sidebar-middle">{route.value.path === "chat" && <ChatList onChoose={onLeave} />}</div>
      <ModelCard onLeave={onLeave} />
      <div class="sidebar-foot">
        <Adapter />
        <ThemeButton />
      </div>
    </div>
  );
}

function ModelCard({ onLeave }: { onLeave?: (() => void) | undefined }) {
  const [title, detail] = modelState();
  return (
    <a class="model-card" href="#/models" onClick={onLeave} data-state={writer.state.value}>
      <span class="model-title">{title}</span>
      <span class="muted small figures">{detail}</span>
    </a>
  );
}

function modelState(): [string, string] {
  const loaded = writer.loaded.value;
  if (loaded) return [loaded.name, `${parameters(loaded.engine.info.parameters)} weights, ready`];
  if (!writer.loading.value) return ["No model", "Choose one to begin"];
  const { loadedBytes = 0, totalBytes = 0 } = writer.progress.value ?? {};
  return [writer.loading.value.name || "A model", totalBytes ? `Loading, ${Math.floor((100 * loadedBytes) / totalBytes)} %` : "Loading"];
}

function Adapter() {
  const known = support.value;
  const text = !known ? "Looking for a GPU" : known.available ? known.adapter.name || "WebGPU adapter" : "No usable GPU";
  const software = known?.available && known.adapter.software;
  return (
    <p class="adapter small muted" title={text}>
      {text}
      {software && <span> · in software, slow</span>}
    </p>
  );
}

function ThemeButton() {
  const dark = isDark();
  const label = dark ? "Use light colours" : "Use dark colours";
  return (
    <button type="button" class="plain compact icon" aria-label={label} title={label} onClick={() => (theme.value = dark ? "light" : "dark")}>
      <Icon name={dark ? "sun" : "moon"} />
    </button>
  );
}
