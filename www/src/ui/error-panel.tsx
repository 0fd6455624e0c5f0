// An error: what happened, and what to do next.
import { WgslmError, type ErrorCode } from "wgslm";
import type { ComponentChildren } from "preact";
import { advice } from "../engine/advice.ts";

export interface Failure {
  code: ErrorCode;
  message: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof WgslmError) return { code: error.code, message: error.message };
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}

export function ErrorPanel({ failure, children }: { failure: Failure | undefined; children?: ComponentChildren }) {
  // A region that is there from the start is the one that screen readers listen to.
  return (
    <div role="alert">
      {failure && (
        <div class="error" id="error" data-code={failure.code}>
          <Explanation {...failure} />
          {children}
        </div>
      )}
    </div>
  );
}

function Explanation({ code, message }: Failure) {
  // Messages say what happened, and after the semicolon what to do next.
  const [happened = message, ...next] = message.split("; ");
  const advised = [...next.map(sentence), advice(code)].join(" ").trim();
  return (
    <>
      <p>
        <strong>{sentence(happened)}</strong>
      </p>
      {advised && <p>{advised}</p>}
    </>
  );
}

function sentence(message: string): string {
  const start = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
