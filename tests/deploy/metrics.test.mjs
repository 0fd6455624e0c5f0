// The metrics that dashboards, alerts, the autoscaler and the documents name, against those that a server writes.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";
import { OVERLAYS, deployments, text } from "./files.mjs";
import { run, serve } from "./program.mjs";

/** The labels that Prometheus and the operator add to a sample. */
const ADDED = ["job", "namespace", "pod"];
const MONITORING = OVERLAYS.get("monitoring");
const DASHBOARD = JSON.parse(text("examples/kubernetes/monitoring/dashboard.json"));
const ADAPTER = parse(text("examples/kubernetes/monitoring/prometheus-adapter.yaml"));
/** The keys of the server under test: one of apps, and one of Prometheus. */
const KEYS = { apps: "sk-app", metrics: "sk-metrics" };

let server;
/** The names of all samples, and of their labels. */
let names;
let labels;

before(async () => {
  server = await serve({ API_KEYS: `${KEYS.apps},${KEYS.metrics}` });
  const ask = (path, init) => fetch(server.url + path, { ...init, headers: { authorization: `Bearer ${KEYS.apps}`, "content-type": "application/json" } });
  // Quantiles are there once something was measured.
  assert.equal((await ask("/v1/completions", { method: "POST", body: JSON.stringify({ prompt: "a", max_tokens: 2 }) })).status, 200);
  const samples = (await (await ask("/metrics")).text()).split("\n").filter((line) => line && !line.startsWith("#"));
  names = new Set(samples.map((sample) => sample.match(/^\w+/)[0]));
  labels = new Set(samples.flatMap((sample) => [...sample.matchAll(/[{,](\w+)="/g)].map(([, label]) => label)));
});

after(async () => assert.equal(await server.stop(), 0, "SIGTERM ends the server with 0"));

/** The parts of a query by their kind in PromQL's grammar; fails where it isn't PromQL. */
function parts(query) {
  const found = { Identifier: [], LabelName: [] };
  parser.parse(query).iterate({
    enter: ({ type, from, to }) => {
      assert.ok(!type.isError, `not PromQL at ${from}: ${query}`);
      found[type.name]?.push(query.slice(from, to));
    },
  });
  return found;
}

/** Checks that a query is PromQL about metrics and labels that are there. */
function check(query) {
  const { Identifier, LabelName } = parts(query.replaceAll("$__rate_interval", "5m"));
  assert.ok(Identifier.length > 0, query);
  assert.deepEqual(Identifier.filter((name) => !names.has(name) && name !== "up"), [], query);
  assert.deepEqual(LabelName.filter((label) => !labels.has(label) && !ADDED.includes(label)), [], query);
}

test("the dashboard's panels ask for what is there", () => {
  for (const { title, targets } of DASHBOARD.panels) {
    assert.ok(targets.length > 0, title);
    for (const { expr, legendFormat } of targets) {
      check(expr);
      const kept = parts(expr.replaceAll("$__rate_interval", "5m")).LabelName;
      for (const [, label] of legendFormat.matchAll(/{{(\w+)}}/g)) assert.ok(kept.includes(label), `${title}: ${label}`);
    }
  }
});

test("the dashboard's variables come from metrics and labels that are there", () => {
  const variables = DASHBOARD.templating.list;
  assert.deepEqual(variables.map(({ name }) => name), ["datasource", "namespace", "model"]);
  for (const { query } of variables.slice(1).map(({ query }) => query)) {
    const [, selector, label] = query.match(/^label_values\((.*), (\w+)\)$/);
    check(selector);
    assert.ok(labels.has(label) || ADDED.includes(label), label);
  }
});

test("the dashboard's panels stand beside and below one another", () => {
  const taken = new Set();
  for (const { title, gridPos } of DASHBOARD.panels)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      assert.ok(x < 24 && !taken.has(`${x} ${gridPos.y}`), title);
      taken.add(`${x} ${gridPos.y}`);
    }
});

test("alerts ask for what is there", () => {
  const [{ spec }] = MONITORING.filter(({ kind }) => kind === "PrometheusRule");
  for (const { expr } of spec.groups.flatMap(({ rules }) => rules)) check(expr);
});

test("the autoscaler's metric is the adapter's, and is there", () => {
  const [autoscaler] = OVERLAYS.get("base").filter(({ kind }) => kind === "HorizontalPodAutoscaler");
  const wanted = autoscaler.spec.metrics.map(({ pods }) => pods.metric.name);
  const series = ADAPTER.rules.custom.map(({ seriesQuery }) => parts(seriesQuery).Identifier[0]);
  assert.deepEqual(wanted, series);
  for (const rule of ADAPTER.rules.custom) {
    check(rule.seriesQuery);
    const filled = { "<<.Series>>": series[0], "<<.LabelMatchers>>": 'namespace="a"', "<<.GroupBy>>": "pod" };
    check(Object.entries(filled).reduce((query, [name, value]) => query.replaceAll(name, value), rule.metricsQuery));
  }
});

test("the documents name metrics that are there", () => {
  for (const file of ["docs/deploying.md", "docs/metrics.md", "docs/server.md"])
    for (const [, name] of text(file).matchAll(/\b(wgslm_[a-z][a-z_]*[a-z])\b/g))
      assert.ok([...names].some((sample) => sample === name || sample === `${name}_sum`), `${file}: ${name}`);
});

test("the documents' queries ask for what is there", () => {
  const queries = [...text("docs/metrics.md").matchAll(/^```promql\n(.*?)^```$/gms)].map(([, query]) => query);
  assert.ok(queries.length > 0);
  queries.forEach(check);
});

test("the documents list every alert", () => {
  const [{ spec }] = MONITORING.filter(({ kind }) => kind === "PrometheusRule");
  const listed = [...text("docs/metrics.md").matchAll(/^\| `(Wgslm\w+)` /gm)].map(([, name]) => name);
  assert.deepEqual(listed, spec.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)));
});

describe("the server as the manifests ask it", () => {
  test("every probe is answered", async () => {
    const probes = [...OVERLAYS.values()].flatMap(deployments).flatMap(({ pod }) => pod.containers);
    const asked = new Set(probes.flatMap(({ startupProbe, readinessProbe, livenessProbe }) => [startupProbe, readinessProbe, livenessProbe]));
    for (const probe of asked) {
      if (probe?.httpGet) assert.equal((await fetch(server.url + probe.httpGet.path)).status, 200);
      if (probe?.exec) await run(probe.exec.command.slice(1), { PORT: server.port });
    }
  });

  test("metrics are read with the operator's key", async () => {
    const [{ spec }] = MONITORING.filter(({ kind }) => kind === "ServiceMonitor");
    for (const { path, authorization } of spec.endpoints) {
      assert.equal((await fetch(server.url + path)).status, 401);
      const headers = { authorization: `${authorization.type} ${KEYS.metrics}` };
      assert.equal((await fetch(server.url + path, { headers })).status, 200);
    }
  });
});
