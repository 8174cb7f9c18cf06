// chatgpt, which keeps the dialogue itself: a message names the one that it answers.

import { ChatGPTAPI } from "chatgpt";

import { Collector, openaiUsage, serve, tell } from "./driver.mjs";

function clientFor(order, system) {
  return new ChatGPTAPI({
    apiKey: "unused", apiBaseUrl: process.env.GATEWAY, systemMessage: system ?? "",
    completionParams: { model: order.model },
  });
}

// It sends what it was told before; what stands between the questions is what upstream answered.
async function ask(order, options) {
  const system = order.messages.find((message) => message.role === "system");
  const client = clientFor(order, system?.content);
  let answer = null;
  for (const { content } of order.messages.filter((message) => message.role === "user")) {
    answer = await client.sendMessage(content, {
      parentMessageId: answer?.id, timeoutMs: order.timeout * 1000, ...options,
    });
  }
  return answer;
}

// What it did not get in the answer it estimates.
function result(answer, text) {
  const { choices, usage } = answer.detail;
  return { text, finish: choices[0].finish_reason,
           usage: usage?.estimated ? null : openaiUsage(usage) };
}

async function chat(order) {
  const answer = await ask(order);
  return result(answer, answer.text);
}

async function stream(order) {
  const collected = new Collector(order);
  const leaving = new AbortController();
  let left = false;
  try {
    const answer = await ask(order, {
      abortSignal: leaving.signal,
      onProgress: ({ delta }) => {
        if (!left && collected.add(delta)) {
          left = true;
          leaving.abort();
        }
      },
    });
    return result(answer, collected.text);
  } catch (error) {
    if (!left) throw error;
    return { text: collected.text, finish: "left", usage: null };
  }
}

function report(error) {
  tell("error", {
    kind: error.name === "TimeoutError" ? "timeout" : "api", name: error.constructor.name,
    status: error.statusCode ?? null, code: null, message: error.message,
  });
}

await serve({ chat, stream }, report);
