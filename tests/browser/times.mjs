// A reporter for Node's test runner: for each test that ran, its milliseconds, a tab, and its file and name.
import { basename } from "node:path";

export default async function* (events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    if (data.skip !== undefined || data.details.type === "suite") continue;
    yield `${data.details.duration_ms}\t${basename(data.file ?? "", ".test.mjs")}: ${data.name}\n`;
  }
}
