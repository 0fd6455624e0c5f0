// The times of tokenizer.rs as WebAssembly in Node.js:
//
//     cargo build --profile web --target wasm32-unknown-unknown -p wgslm-text --bench tokenizer
//     node crates/text/benches/tokenizer.mjs target/wasm32-unknown-unknown/web/deps/tokenizer-*.wasm MODEL.gguf

import { openSync, readFileSync, readSync } from "node:fs";

const [program, model] = process.argv.slice(2);
const bytes = Buffer.alloc(64 << 20);
const length = readSync(openSync(model), bytes);
const wasm = await WebAssembly.compile(readFileSync(program));
const imports = {};
// Browser functions, none of which a tokenizer calls.
for (const { module, name } of WebAssembly.Module.imports(wasm)) (imports[module] ??= {})[name] = () => { throw new Error(name); };

for (let run = 0; run < 5; run++) {
  const { exports } = await WebAssembly.instantiate(wasm, imports);
  const at = exports.room(length);
  new Uint8Array(exports.memory.buffer, at, length).set(bytes.subarray(0, length));
  const times = ["read_header", "build", "encode"].map((step) => {
    const start = performance.now();
    const tokens = exports[step]();
    return [performance.now() - start, tokens];
  });
  const [header, tokenizer, [encode, tokens]] = times;
  console.log(`header ${header[0].toFixed(1)} ms, tokenizer ${tokenizer[0].toFixed(1)} ms, ${tokens} tokens ${encode.toFixed(2)} ms`);
}
