// A model from anywhere: an address, or files of this device.
import { useRef, useState } from "preact/hooks";
import { support, writer } from "../engine/runners.ts";
import { ErrorPanel, type Failure, failureOf } from "../ui/error-panel.tsx";
import { FileButton, FolderButton } from "../ui/load-panel.tsx";
import { announce } from "../ui/status.tsx";
import { nameOf, sourceOf } from "./address.ts";
import { type Fit, planOf } from "./fit.ts";

export function AnyAddress() {
  const field = useRef<HTMLInputElement>(null);
  const [fit, setFit] = useState<Fit | "checking" | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const checking = useRef(new AbortController());
  const disabled = !support.value?.available;
  const source = (): ReturnType<typeof sourceOf> => {
    const given = sourceOf(field.current?.value ?? "");
    if (given === undefined) field.current?.focus();
    return given;
  };
  const load = (): void => {
    const given = source();
    if (given !== undefined) void writer.load({ source: given, name: nameOf(given) });
  };
  const check = async (): Promise<void> => {
    const given = source();
    if (given === undefined) return;
    checking.current.abort();
    const { signal } = (checking.current = new AbortController());
    setFailure(undefined);
    setFit("checking");
    try {
      const found = await planOf(given, signal);
      setFit(found);
      announce(`${found.fits ? "It fits" : "It does not fit"}: ${found.text}`);
    } catch (error) {
      if (signal.aborted) return;
      setFit(undefined);
      setFailure(failureOf(error));
    }
  };
  return (
    <section class="section card" aria-labelledby="any-title">
      <div>
        <h2 id="any-title">Any model</h2>
        <p class="muted">A GGUF file or a folder of safetensors on Hugging Face, or at any address that lets pages read it.</p>
      </div>
      <form
        class="any"
        onSubmit={(event) => {
          event.preventDefault();
          load();
        }}
      >
        <input
          ref={field}
          id="address"
          type="text"
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          aria-label="Address of a model"
          placeholder="owner/name/model.gguf"
          onInput={() => {
            checking.current.abort();
            setFit(undefined);
            setFailure(undefined);
          }}
        />
        <button type="submit" class="primary" disabled={disabled}>
          Load
        </button>
        <button type="button" id="fits" disabled={disabled || fit === "checking"} onClick={() => void check()}>
          Does it fit?
        </button>
      </form>
      {fit === "checking" && <p class="muted">Reading the model's headers</p>}
      {fit && fit !== "checking" && (
        <p class="fit" data-fits={fit.fits}>
          <strong>{fit.fits ? "This GPU allows it." : "This GPU does not allow it."}</strong> {fit.text}
        </p>
      )}
      <ErrorPanel failure={failure} />
      <div class="row">
        <FileButton runner={writer} disabled={disabled} />
        <FolderButton runner={writer} disabled={disabled} />
        <p class="small muted">A .gguf file, all parts of a split one, or a folder from Hugging Face. Dropping them anywhere does the same.</p>
      </div>
    </section>
  );
}
