// The parts of Node.js and Deno that this package uses where it runs there. Nothing is imported, so bundlers for browsers have nothing to resolve.

/** The functions used of Node.js's modules. */
interface NodeModules {
  fs: {
    openAsBlob(path: URL): Promise<Blob>;
    statSync(path: URL): { isDirectory(): boolean };
    readdirSync(path: URL, options: { withFileTypes: true }): { name: string; isFile(): boolean }[];
    readFileSync(path: URL): Uint8Array<ArrayBuffer>;
  };
  url: { pathToFileURL(path: string): URL };
}

interface Process {
  getBuiltinModule?<Name extends keyof NodeModules>(name: `node:${Name}`): NodeModules[Name] | undefined;
}

/** A module of Node.js (20.16 or newer) or Deno; `undefined` in browsers. */
export function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  const { process } = globalThis as { process?: Process };
  return process?.getBuiltinModule?.(`node:${name}`);
}
