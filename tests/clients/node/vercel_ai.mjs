// Vercel's AI SDK with @ai-sdk/openai-compatible.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, Output, stepCountIs, streamObject, streamText, tool }
  from "ai";
import { z } from "zod";

import { CITY, cityReport, Collector, serve, tell, TOOLS } from "./driver.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false; // they would go to the output, among the reports

function options(order) {
  const gateway = createOpenAICompatible({
    name: "gateway", baseURL: process.env.GATEWAY, includeUsage: order.usage,
    supportsStructuredOutputs: order.way !== "json",
  });
  const system = order.messages.find((message) => message.role === "system");
  return {
    model: gateway(order.model), maxRetries: 0,
    messages: order.messages.filter((message) => message !== system),
    ...(system ? { system: system.content } : {}),
  };
}

function usageOf(usage) {
  return usage?.totalTokens == null ? null : {
    prompt: usage.inputTokens, completion: usage.outputTokens, total: usage.totalTokens,
    cached: usage.cachedInputTokens ?? usage.inputTokenDetails?.cacheReadTokens ?? null,
  };
}

// APICallError of a refused request; in mid-stream the error frame itself.
function report(error) {
  const body = error.data?.error ?? error.error ?? error;
  tell("error", {
    kind: error.name === "TimeoutError" ? "timeout" : "api",
    name: error.constructor?.name, status: error.statusCode ?? null, code: body.code ?? null,
    message: String(error.message ?? JSON.stringify(error)),
  });
}

async function chat(order) {
  const done = await generateText({
    ...options(order), abortSignal: AbortSignal.timeout(order.timeout * 1000),
  });
  return { text: done.text, finish: done.finishReason, usage: usageOf(done.usage) };
}

async function stream(order) {
  const collected = new Collector(order);
  const leaving = new AbortController();
  let finish = null, usage = null;
  const { fullStream } = streamText({
    ...options(order), abortSignal: leaving.signal, onError: () => {}, // it also comes as a part
  });
  for await (const part of fullStream) {
    if (part.type === "error") throw part.error;
    if (part.type === "finish") ({ finishReason: finish, totalUsage: usage } = part);
    if (part.type === "text-delta" && collected.add(part.text)) {
      leaving.abort();
      return { text: collected.text, finish: "left", usage: null };
    }
  }
  return { text: collected.text, finish, usage: usageOf(usage) };
}

const OFFERED = Object.fromEntries(TOOLS.map(({ name, description, run }) => [name, tool({
  description, execute: async (given) => run(given),
  inputSchema: z.object({ step: z.number().int(), number: z.number().int() }),
})]));

async function tools(order) {
  const asked = { ...options(order), tools: OFFERED, stopWhen: stepCountIs(5) };
  if (!order.streamed) {
    const done = await generateText(asked);
    return { text: done.text, finish: done.finishReason, usage: usageOf(done.usage) };
  }
  const collected = new Collector(order);
  const done = streamText({ ...asked, onError: () => {} });
  for await (const part of done.fullStream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") collected.add(part.text);
  }
  return { text: await done.text, finish: await done.finishReason,
           usage: usageOf(await done.usage) };
}

async function structured(order) {
  const asked = { ...options(order), schema: CITY, onError: () => {} };
  if (order.way === "output") {
    const done = await generateText({ ...options(order), output: Output.object({ schema: CITY }) });
    return cityReport(done.output);
  }
  if (!order.streamed) return cityReport((await generateObject(asked)).object);
  const done = streamObject(asked);
  let shown = "";
  for await (const { name = "" } of done.partialObjectStream) {
    tell("delta", { text: name.slice(shown.length) });
    shown = name;
  }
  return cityReport(await done.object);
}

await serve({ chat, stream, tools, structured }, report);
