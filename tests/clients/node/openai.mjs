// openai, the official Node client.

import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";

import { CITY, cityReport, Collector, openaiUsage, serve, TOOLS } from "./driver.mjs";

const client = new OpenAI({ baseURL: process.env.GATEWAY, apiKey: "unused", maxRetries: 0 });

async function chat(order) {
  const done = await client.chat.completions.create(
    { model: order.model, messages: order.messages }, { timeout: order.timeout * 1000 });
  const choice = done.choices[0];
  return { text: choice.message.content, finish: choice.finish_reason,
           usage: openaiUsage(done.usage) };
}

async function stream(order) {
  const collected = new Collector(order);
  let finish = null, usage = null;
  const chunks = await client.chat.completions.create(
    { model: order.model, messages: order.messages, stream: true,
      ...(order.usage ? { stream_options: { include_usage: true } } : {}) },
    { timeout: order.timeout * 1000 });
  for await (const chunk of chunks) {
    usage = chunk.usage ?? usage;
    for (const choice of chunk.choices) {
      finish = choice.finish_reason ?? finish;
      if (collected.add(choice.delta.content)) { // leaving the loop closes the stream
        return { text: collected.text, finish: "left", usage: null };
      }
    }
  }
  return { text: collected.text, finish, usage: openaiUsage(usage) };
}

const integer = { type: "integer" };
const OFFERED = TOOLS.map(({ name, description, run }) => ({
  type: "function",
  function: { name, description, parse: JSON.parse, function: run, strict: true,
              parameters: { type: "object", properties: { step: integer, number: integer },
                            required: ["step", "number"], additionalProperties: false } },
}));

async function tools(order) {
  const collected = new Collector(order);
  const runner = client.chat.completions.runTools(
    { model: order.model, messages: order.messages, tools: OFFERED, stream: order.streamed },
    { timeout: order.timeout * 1000 });
  if (order.streamed) runner.on("content", (delta) => collected.add(delta));
  const done = await runner.finalChatCompletion();
  return { text: await runner.finalContent(), finish: done.choices[0].finish_reason,
           usage: null };
}

async function structured(order) {
  const asked = { model: order.model, messages: order.messages,
                  response_format: zodResponseFormat(CITY, "city") };
  const done = order.streamed
    ? await client.chat.completions.stream(asked).finalChatCompletion()
    : await client.chat.completions.parse(asked);
  return cityReport(done.choices[0].message.parsed);
}

await serve({ chat, stream, tools, structured });
