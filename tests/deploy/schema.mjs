// The schemas of manifests: those of Kubernetes and of Prometheus' operator.
import * as monitoring from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import * as apps from "kubernetes-models/apps/v1";
import * as autoscaling from "kubernetes-models/autoscaling/v2";
import * as networking from "kubernetes-models/networking.k8s.io/v1";
import * as policy from "kubernetes-models/policy/v1";
import * as core from "kubernetes-models/v1";

const KINDS = {
  v1: core,
  "apps/v1": apps,
  "autoscaling/v2": autoscaling,
  "networking.k8s.io/v1": networking,
  "policy/v1": policy,
  "monitoring.coreos.com/v1": monitoring,
};

/** What is wrong with a manifest: what its kind's schema says, and the fields that the kind doesn't have. */
export function problems(manifest) {
  const Kind = KINDS[manifest.apiVersion]?.[manifest.kind];
  if (!Kind) return [`there is no schema of ${manifest.apiVersion} ${manifest.kind}`];
  const read = new Set();
  try {
    Kind.prototype.validate.call(watched(manifest, "", read));
  } catch (error) {
    return [error.message];
  }
  // A schema allows what it doesn't know, but its validator looks only at what it does know.
  return fields(manifest, "").filter((field) => !read.has(field)).map((field) => `${manifest.kind} has no field ${field}`);
}

/** A view of `value` that adds the path of each field that is read to `read`. */
function watched(value, path, read) {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === "symbol" || !Object.hasOwn(target, key)) return target[key];
      read.add(`${path}/${key}`);
      return watched(target[key], `${path}/${key}`, read);
    },
  });
}

/** The paths of all fields. */
function fields(value, path) {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [`${path}/${key}`, ...fields(inner, `${path}/${key}`)]);
}
