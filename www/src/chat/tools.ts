// Tools that a model may call. They run in this page and reach nothing outside it.
import type { Tool, ToolCall } from "wgslm";
import { isRecord } from "../ui/stored.ts";
import { calculate } from "./calculate.ts";

export const TOOLS: readonly Tool[] = [
  {
    type: "function",
    function: {
      name: "current_time",
      description: "Tells the current date and time of a time zone.",
      parameters: { type: "object", properties: { time_zone: { type: "string", description: "An IANA time zone, such as Europe/Oslo" } } },
    },
  },
  {
    type: "function",
    function: {
      name: "calculate",
      description: "Computes an arithmetic expression with + - * / ^ and parentheses.",
      parameters: { type: "object", properties: { expression: { type: "string" } }, required: ["expression"] },
    },
  },
];

/** The result of a call; what is wrong with it is a result as well, which the model can answer to. */
export function runTool({ function: { name, arguments: given } }: ToolCall): string {
  try {
    const parsed: unknown = JSON.parse(given);
    const values = isRecord(parsed) ? parsed : {};
    if (name === "current_time") return currentTime(values["time_zone"]);
    if (name === "calculate") return String(calculate(String(values["expression"] ?? "")));
    return `There is no tool named ${name}.`;
  } catch (error) {
    return `Error: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function currentTime(zone: unknown): string {
  const options = typeof zone === "string" && zone ? { timeZone: zone } : {};
  return new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "long", ...options }).format(new Date());
}
