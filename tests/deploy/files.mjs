// The files under test, and the documents in them.
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { path } from "../program.mjs";

/** The text of a file of the repository. */
export const text = (relative) => readFileSync(path(relative), "utf8");

/** The documents of a YAML text. */
export function documents(yaml) {
  return parseAllDocuments(yaml).map((document) => {
    for (const error of document.errors) throw error;
    return document.toJS();
  });
}

/** The manifests of each folder in examples/kubernetes, as `kubectl apply -k` would send them. */
export const OVERLAYS = new Map(
  await Promise.all(
    readdirSync(path("examples/kubernetes")).map(async (overlay) => {
      const { stdout } = await promisify(execFile)("kubectl", ["kustomize", path(`examples/kubernetes/${overlay}`)]);
      return [overlay, documents(stdout)];
    }),
  ),
);

/** The deployments among manifests, each with its pods' specification and the variables of its ConfigMaps. */
export function deployments(manifests) {
  const variables = new Map(manifests.filter(({ kind }) => kind === "ConfigMap").map(({ metadata, data }) => [metadata.name, data]));
  return manifests
    .filter(({ kind }) => kind === "Deployment")
    .map(({ metadata, spec }) => ({ name: metadata.name, spec, pod: spec.template.spec, labels: spec.template.metadata.labels, variables }));
}

/** A container's environment: what its ConfigMaps say, and what it says itself; a value from elsewhere is undefined. */
export function environment(container, variables) {
  const shared = (container.envFrom ?? []).map(({ configMapRef }) => variables.get(configMapRef.name));
  const own = (container.env ?? []).map(({ name, value }) => [name, value]);
  return Object.assign({}, ...shared, Object.fromEntries(own));
}
