// Scripts of workers, which may lie beside this one or on another origin.
/** Starts a worker from another origin, which browsers allow to none, by a script of this one that imports it. */
export function fromElsewhere(address: URL, name: string): Worker {
  const script = new Blob([`import ${JSON.stringify(address.href)};`], { type: "text/javascript" });
  const blob = URL.createObjectURL(script);
  const worker = new Worker(blob, { type: "module", name });
  for (const type of ["message", "error"]) {
    worker.addEventListener(type, () => URL.revokeObjectURL(blob), { once: true });
  }
  return worker;
}

/** The address of a script beside another. Bundlers, which would copy the script as it is, don't see through it. */
export function besideScript(script: string, name: string): URL {
  return new URL(name, script);
}
