// @langchain/openai, LangChain's client for JavaScript.

import { ChatOpenAI } from "@langchain/openai";
import { createAgent, tool } from "langchain";
import { z } from "zod";

import { CITY, cityReport, Collector, serve, TOOLS } from "./driver.mjs";

function modelFor(order) {
  return new ChatOpenAI({
    model: order.model, apiKey: "unused", maxRetries: 0, timeout: order.timeout * 1000,
    streamUsage: order.usage, configuration: { baseURL: process.env.GATEWAY },
  });
}

function usageOf(message) {
  const found = message.usage_metadata;
  return found == null ? null : {
    prompt: found.input_tokens, completion: found.output_tokens, total: found.total_tokens,
    cached: found.input_token_details?.cache_read ?? null,
  };
}

async function chat(order) {
  const message = await modelFor(order).invoke(order.messages);
  return { text: message.content, finish: message.response_metadata.finish_reason,
           usage: usageOf(message) };
}

async function stream(order) {
  const collected = new Collector(order);
  const leaving = new AbortController();
  let whole = null;
  const chunks = await modelFor(order).stream(order.messages, { signal: leaving.signal });
  for await (const chunk of chunks) {
    whole = whole === null ? chunk : whole.concat(chunk);
    if (collected.add(chunk.content)) {
      leaving.abort();
      return { text: collected.text, finish: "left", usage: null };
    }
  }
  return { text: collected.text, finish: whole.response_metadata.finish_reason,
           usage: usageOf(whole) };
}

const OFFERED = TOOLS.map(({ name, description, run }) => tool(run, {
  name, description, schema: z.object({ step: z.number().int(), number: z.number().int() }),
}));

// An agent, which runs what the model calls.
async function tools(order) {
  const agent = createAgent({ model: modelFor(order), tools: OFFERED });
  const asked = { messages: order.messages };
  if (!order.streamed) {
    const message = (await agent.invoke(asked)).messages.at(-1);
    return { text: message.content, finish: message.response_metadata.finish_reason,
             usage: usageOf(message) };
  }
  const collected = new Collector(order);
  for await (const [message] of await agent.stream(asked, { streamMode: "messages" })) {
    if (message.type === "ai") collected.add(message.content);
  }
  return { text: collected.text, finish: null, usage: null };
}

async function structured(order) {
  const model = modelFor(order).withStructuredOutput(CITY, { name: "city", method: order.way });
  if (!order.streamed) return cityReport(await model.invoke(order.messages));
  let city = null;
  for await (city of await model.stream(order.messages));
  return cityReport(city);
}

await serve({ chat, stream, tools, structured });
