// The model manager: what is loaded, what could be, what is kept, and what fits.
import { writer } from "../engine/runners.ts";
import { ErrorPanel } from "../ui/error-panel.tsx";
import { Loading } from "../ui/load-panel.tsx";
import { AnyAddress } from "./any-address.tsx";
import { Current } from "./current.tsx";
import { Kept } from "./kept.tsx";
import { Offers } from "./offers.tsx";
import "./page.css";

export function Page() {
  return (
    <div class="page models">
      <header class="page-head">
        <h1>Models</h1>
        <p>What is downloaded stays in this browser until you delete it. It is used on this device's GPU only.</p>
      </header>
      {writer.loading.value && <Loading runner={writer} />}
      <ErrorPanel failure={writer.failure.value} />
      <Current />
      <AnyAddress />
      <Offers />
      <Kept />
    </div>
  );
}
