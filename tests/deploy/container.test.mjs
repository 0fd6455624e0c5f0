// The container's Dockerfile, by its text: building it needs a registry of images.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { DockerfileParser } from "dockerfile-ast";
import { path } from "../program.mjs";
import { OVERLAYS, deployments, text } from "./files.mjs";
import { help, options } from "./program.mjs";

const DOCKERFILE = DockerfileParser.parse(text("examples/container/Dockerfile"));
/** The variables in it that Mesa's and NVIDIA's drivers and the program's cache read. */
const OTHERS = ["NVIDIA_DRIVER_CAPABILITIES", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"];

const called = (keyword) => DOCKERFILE.getInstructions().filter((instruction) => instruction.getKeyword() === keyword);
/** The program and parameters that an instruction runs. */
const json = (instruction) => JSON.parse(instruction.getRawArgumentsContent().replace(/^[^[]*/, ""));
const variables = Object.fromEntries(DOCKERFILE.getENVs().flatMap((env) => env.getProperties().map((property) => [property.getName(), property.getValue()])));
const deployed = [...OVERLAYS.values()].flatMap(deployments);

test("the compiler is one that the workspace may be built with", () => {
  const [, version] = text("Cargo.toml").match(/rust-version = "(.*)"/);
  assert.equal(DOCKERFILE.getFROMs()[0].getImage(), `rust:${version}-slim-\${DEBIAN}`);
});

test("what is copied is in the repository, and sent to the build", () => {
  const sent = text("examples/container/Dockerfile.dockerignore").matchAll(/^!(.*)$/gm);
  const roots = [...sent].map(([, root]) => root);
  for (const copy of DOCKERFILE.getCOPYs().filter((copy) => !copy.getFromFlag()))
    for (const source of copy.getArguments().slice(0, -1).map(String)) {
      if (source === "${MODEL}") continue;
      assert.ok(existsSync(path(source)) && roots.includes(source.split("/")[0]), source);
    }
  const [, model] = text("examples/container/Dockerfile").match(/^ARG MODEL=(.*)$/m);
  assert.ok(roots.includes(model.split("/")[0]));
});

test("the program has every command, flag and variable", async () => {
  const { commands, variables: read } = await help();
  const known = await options("serve");
  const [command, ...parameters] = json(DOCKERFILE.getCMDs()[0]);
  assert.equal(command, "serve");
  assert.deepEqual(parameters.filter((parameter) => parameter.startsWith("--") && !known.flags.includes(parameter)), []);
  assert.deepEqual(Object.keys(variables).filter((name) => ![...read, ...known.variables, ...OTHERS].includes(name)), []);
  const [probe, ...asked] = json(DOCKERFILE.getHEALTHCHECKs()[0]);
  assert.deepEqual([probe, commands.includes(asked[0])], ["wgslm", true]);
});

test("the image is what the manifests count on", () => {
  const user = Number(called("USER")[0].getArguments()[0].getValue().split(":")[0]);
  assert.deepEqual([...new Set(deployed.map(({ pod }) => pod.securityContext.runAsUser))], [user]);
  const containers = deployed.flatMap(({ pod }) => pod.containers).filter(({ name }) => name === "wgslm");
  const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts ?? []).map(({ mountPath }) => mountPath);
  assert.deepEqual([...new Set(mounts)], [variables.XDG_CACHE_HOME]);
  const ports = containers.flatMap(({ ports }) => ports ?? []).map(({ containerPort }) => `${containerPort}`);
  const exposed = called("EXPOSE").flatMap((expose) => expose.getArguments().map(String));
  assert.deepEqual([...new Set([...ports, ...exposed])], [variables.PORT]);
  const [model] = json(DOCKERFILE.getCMDs()[0]).slice(-1);
  const asked = containers.flatMap(({ args }) => args).filter((parameter) => parameter.includes("/models/"));
  assert.deepEqual([...new Set(asked)], [`chat=${model}`]);
});
