// The manifests of examples/kubernetes, each folder built as `kubectl apply -k` builds it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OVERLAYS, deployments, environment } from "./files.mjs";
import { help, options } from "./program.mjs";
import { problems } from "./schema.mjs";

/** The variables in manifests that others read: Mesa, and the clients of OpenAI's API. */
const OTHERS = ["LP_NUM_THREADS", "OPENAI_API_KEY", "OPENAI_BASE_URL"];
/** The keys of the secrets that docs/deploying.md tells to make. */
const SECRETS = { "wgslm-api-keys": ["api-keys", "app-key", "metrics-key"] };

const { commands, variables } = await help();

/** The selector's labels are the object's, or some of them. */
const selects = (selector, labels) => Object.entries(selector).every(([key, value]) => labels[key] === value);

/** All values of a field, however deep. */
const values = (value, field) =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [...(key === field ? [inner] : []), ...values(inner, field)])
    : [];

for (const [overlay, manifests] of OVERLAYS) {
  const pods = deployments(manifests);
  const of = (kind) => manifests.filter((manifest) => manifest.kind === kind);

  describe(overlay, () => {
    test("every manifest is valid", () => assert.deepEqual(manifests.flatMap(problems), []));

    test("everything that a manifest names is there", () => {
      const names = pods.map(({ name }) => name);
      for (const { spec } of of("HorizontalPodAutoscaler")) assert.ok(names.includes(spec.scaleTargetRef.name));
      for (const { labels, spec } of pods) assert.ok(selects(spec.selector.matchLabels, labels));
      for (const { spec } of of("PodDisruptionBudget")) assert.ok(pods.some(({ labels }) => selects(spec.selector.matchLabels, labels)));
      for (const { spec } of of("Service")) {
        const [pod] = pods.filter(({ labels }) => selects(spec.selector, labels)).map(({ pod }) => pod);
        const ports = pod.containers.flatMap((container) => container.ports ?? []).map(({ name }) => name);
        assert.ok(spec.ports.every(({ targetPort }) => ports.includes(targetPort)), `${ports}`);
      }
      for (const { configMapRef } of values(pods.map(({ pod }) => pod), "containers").flat().flatMap(({ envFrom }) => envFrom ?? []))
        assert.ok(of("ConfigMap").some(({ metadata }) => metadata.name === configMapRef.name));
      for (const { name, key } of ["secretKeyRef", "credentials"].flatMap((field) => values(manifests, field)))
        assert.ok(SECRETS[name]?.includes(key), `${name}/${key}`);
    });

    test("no container can do more than it needs", () => {
      for (const { pod } of pods) {
        assert.equal(pod.securityContext.runAsNonRoot, true);
        assert.equal(pod.securityContext.seccompProfile.type, "RuntimeDefault");
        assert.equal(pod.automountServiceAccountToken, false);
        for (const { resources, securityContext } of pod.containers) {
          assert.deepEqual(securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
          assert.ok(resources.requests.cpu && resources.requests.memory && resources.limits.memory);
        }
      }
    });

    for (const { name, pod, variables: shared } of pods)
      for (const container of pod.containers.filter(({ name }) => name === "wgslm")) {
        const [command, ...parameters] = container.args;
        const set = environment(container, shared);

        test(`${name}: the program has every flag and variable`, async () => {
          assert.ok(commands.includes(command), command);
          const known = await options(command);
          // The ConfigMap is the server's; another command takes of it what it knows.
          const read = [...known.variables, ...(await options("serve")).variables, ...variables, ...OTHERS];
          assert.deepEqual(Object.keys(set).filter((name) => !read.includes(name)), []);
          const flags = parameters.filter((parameter) => parameter.startsWith("--"));
          assert.deepEqual(flags.filter((flag) => !known.flags.includes(flag)), []);
          for (const [, variable] of parameters.join(" ").matchAll(/\$\((\w+)\)/g)) assert.ok(variable in set, variable);
        });

        test(`${name}: a pod has time to load, and to end`, () => {
          const sleep = container.lifecycle?.preStop.sleep.seconds ?? 0;
          assert.ok(pod.terminationGracePeriodSeconds > sleep + Number(set.GRACE_PERIOD));
          const probe = container.startupProbe;
          if (probe) assert.ok(probe.periodSeconds * probe.failureThreshold >= Number(set.MODEL_LOAD_TIMEOUT));
        });

        test(`${name}: a pod is added before the queue is full`, () => {
          for (const { spec } of of("HorizontalPodAutoscaler"))
            for (const { pods } of spec.metrics) assert.ok(Number(pods.target.averageValue) < Number(set.QUEUE_LIMIT));
        });
      }
  });
}
