// What all Node clients of the matrix share: the same orders and reports as python/driver.py.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { z } from "zod";

export function tell(report, fields = {}) {
  process.stdout.write(JSON.stringify({ report, ...fields }) + "\n");
}

// The tools that the clients run: name, what it is told to be for, and what it does.
const describe = (name, description) =>
  ({ name, description, run: ({ step, number }) => `${name} ${step}.${number}` });
export const TOOLS = [describe("look", "Looks at one thing."),
                      describe("touch", "Touches one thing.")];

// What structured answers are made to: a report with the city, which the client has checked.
export const CITY = z.object({ name: z.string(), people: z.number().int() });
export const cityReport = (city) =>
  ({ text: JSON.stringify(CITY.parse(city)), finish: null, usage: null });

// Gathers a stream's text and reports each piece as it comes.
export class Collector {
  constructor(order) {
    this.stopAfter = order.stop_after;
    this.text = "";
  }

  // True once the application has seen enough and should leave.
  add(piece) {
    if (piece) {
      this.text += piece;
      tell("delta", { text: piece });
    }
    return this.stopAfter != null && this.text.includes(this.stopAfter);
  }
}

export function openaiUsage(usage) {
  return usage == null ? null : {
    prompt: usage.prompt_tokens, completion: usage.completion_tokens, total: usage.total_tokens,
    cached: usage.prompt_tokens_details?.cached_tokens ?? null,
  };
}

function isTimeout(error) {
  return /timeout/i.test(error.name) || /TimeoutError/.test(error.constructor?.name ?? "");
}

export function reportError(error) {
  tell("error", {
    kind: isTimeout(error) ? "timeout" : "api", name: error.constructor?.name ?? error.name,
    status: error.status ?? null, code: error.code ?? error.error?.code ?? null,
    message: String(error.message),
  });
}

// Runs orders one after another until the input ends.
export async function serve(handlers, onError = reportError) {
  const manifest = new URL(`node_modules/${process.env.PACKAGE}/package.json`, import.meta.url);
  tell("ready", { version: JSON.parse(readFileSync(manifest)).version });
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    try {
      tell("end", await handlers[order.do](order));
    } catch (error) {
      console.error(error);
      onError(error);
    }
  }
}
