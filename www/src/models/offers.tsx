// The models that the site names.
import { useEffect } from "preact/hooks";
import { CATALOG, type Offer } from "../engine/catalog.ts";
import { embedder, support, writer } from "../engine/runners.ts";
import { size } from "../ui/format.ts";
import { estimate } from "./estimate.ts";
import { isKept, refreshKept } from "./kept-files.ts";

const TASKS: Record<Offer["task"], string> = { generation: "Writes", embedding: "Embeds, for search", ranking: "Ranks" };

export function Offers() {
  useEffect(() => void refreshKept(), [writer.loaded.value, embedder.loaded.value]);
  return (
    <section class="section" aria-labelledby="offers-title">
      <h2 id="offers-title">Small models</h2>
      <ul class="offers">
        {CATALOG.map((offer) => (
          <OfferCard key={offer.name} offer={offer} />
        ))}
      </ul>
    </section>
  );
}

function OfferCard({ offer }: { offer: Offer }) {
  const runner = offer.task === "embedding" ? embedder : writer;
  const loaded = runner.loaded.value?.name === offer.name;
  const here = isKept(offer.source) || isKept(offer.elsewhere as Offer["source"] | undefined);
  const fit = estimate(offer.bytes);
  return (
    <li class="card offer">
      <div class="section-head">
        <h3>{offer.name}</h3>
        <span class="small muted figures">{size(offer.bytes)}</span>
      </div>
      <p class="muted">{offer.use}</p>
      <p class="small muted">
        {TASKS[offer.task]} · {offer.license}
      </p>
      <div class="offer-foot">
        <span class="small figures" data-fit={fit?.fits}>
          {here ? "On this device" : fit && (fit.fits === "yes" ? "Should fit" : `Needs about ${size(fit.need)}`)}
        </span>
        <button
          type="button"
          class={here && !loaded ? "compact primary" : "compact"}
          disabled={loaded || runner.loading.value !== undefined || !support.value?.available}
          aria-label={loaded ? `${offer.name} is loaded` : `Load ${offer.name}`}
          onClick={() => void runner.load(offer)}
        >
          {loaded ? "Loaded" : runner.loading.value?.name === offer.name ? "Loading" : "Load"}
        </button>
      </div>
    </li>
  );
}
