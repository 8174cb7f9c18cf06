//! async-openai.

mod driver;

use async_openai::{
    config::OpenAIConfig,
    error::OpenAIError,
    middleware::ReqwestService,
    types::chat::{
        ChatCompletionMessageToolCall, ChatCompletionMessageToolCallChunk,
        ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessage,
        ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
        ChatCompletionRequestToolMessage, ChatCompletionRequestUserMessage,
        ChatCompletionStreamOptions, ChatCompletionTool, ChatCompletionTools, CompletionUsage,
        CreateChatCompletionRequest, FunctionObject,
    },
    Client,
};
use driver::Collector;
use futures::StreamExt;
use serde_json::{json, Value};

fn client(order: &Value) -> Client<OpenAIConfig> {
    let gateway = std::env::var("GATEWAY").expect("GATEWAY is set");
    let config = OpenAIConfig::new().with_api_base(gateway).with_api_key("unused");
    let http =
        reqwest::Client::builder().timeout(driver::timeout(order)).build().expect("a client");
    Client::with_config(config).with_http_service(ReqwestService::new(http))
}

fn message(given: &Value) -> ChatCompletionRequestMessage {
    let text = given["content"].as_str().expect("content is text");
    match given["role"].as_str() {
        Some("system") => ChatCompletionRequestSystemMessage::from(text).into(),
        Some("assistant") => ChatCompletionRequestAssistantMessage::from(text).into(),
        _ => ChatCompletionRequestUserMessage::from(text).into(),
    }
}

fn request(order: &Value) -> CreateChatCompletionRequest {
    CreateChatCompletionRequest {
        model: order["model"].as_str().expect("an order has a model").into(),
        messages: order["messages"].as_array().expect("messages").iter().map(message).collect(),
        ..Default::default()
    }
}

fn usage_of(usage: Option<CompletionUsage>) -> Value {
    usage.map_or(Value::Null, |found| {
        json!({"prompt": found.prompt_tokens, "completion": found.completion_tokens,
               "total": found.total_tokens,
               "cached": found.prompt_tokens_details.and_then(|details| details.cached_tokens)})
    })
}

async fn chat(order: Value) -> Result<Value, OpenAIError> {
    let done = client(&order).chat().create(request(&order)).await?;
    let choice = &done.choices[0];
    Ok(json!({"text": choice.message.content, "finish": choice.finish_reason,
              "usage": usage_of(done.usage)}))
}

async fn stream(order: Value) -> Result<Value, OpenAIError> {
    let mut asked = request(&order);
    if order["usage"] == true {
        asked.stream_options =
            Some(ChatCompletionStreamOptions { include_usage: Some(true), ..Default::default() });
    }
    let mut chunks = client(&order).chat().create_stream(asked).await?;
    let (mut collected, mut finish, mut usage) = (Collector::new(&order), None, None);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        usage = chunk.usage.or(usage);
        for choice in chunk.choices {
            finish = choice.finish_reason.or(finish);
            if collected.add(&choice.delta.content.unwrap_or_default()) {
                return Ok(json!({"text": collected.text, "finish": "left"}));
            }
        }
    }
    Ok(json!({"text": collected.text, "finish": finish, "usage": usage_of(usage)}))
}

fn offered() -> Vec<ChatCompletionTools> {
    let made = driver::TOOLS.map(|(name, description)| {
        let function = FunctionObject {
            name: name.into(),
            description: Some(description.into()),
            parameters: Some(driver::parameters()),
            strict: None,
        };
        ChatCompletionTools::Function(ChatCompletionTool { function })
    });
    made.into()
}

/// An answer of a loop: its text, and the calls to make.
struct Answer {
    text: String,
    calls: Vec<ChatCompletionMessageToolCall>,
}

async fn whole_answer(
    client: &Client<OpenAIConfig>,
    asked: CreateChatCompletionRequest,
) -> Result<Answer, OpenAIError> {
    let done = client.chat().create(asked).await?;
    let message = done.choices.into_iter().next().expect("a choice").message;
    let calls = message.tool_calls.into_iter().flatten().filter_map(|call| match call {
        ChatCompletionMessageToolCalls::Function(call) => Some(call),
        ChatCompletionMessageToolCalls::Custom(_) => None,
    });
    Ok(Answer { text: message.content.unwrap_or_default(), calls: calls.collect() })
}

/// The package puts no calls together: the first piece of one has its name, all have arguments.
fn add_piece(
    calls: &mut Vec<ChatCompletionMessageToolCall>,
    piece: ChatCompletionMessageToolCallChunk,
) {
    let at = piece.index as usize;
    if calls.len() <= at {
        calls.resize_with(at + 1, Default::default);
    }
    let (call, function) = (&mut calls[at], piece.function.unwrap_or_default());
    call.id.extend(piece.id);
    call.function.name.extend(function.name);
    call.function.arguments.extend(function.arguments);
}

async fn streamed_answer(
    client: &Client<OpenAIConfig>,
    asked: CreateChatCompletionRequest,
) -> Result<Answer, OpenAIError> {
    let mut chunks = client.chat().create_stream(asked).await?;
    let (mut collected, mut calls) = (Collector::new(&Value::Null), Vec::new());
    while let Some(chunk) = chunks.next().await {
        for choice in chunk?.choices {
            collected.add(&choice.delta.content.unwrap_or_default());
            for piece in choice.delta.tool_calls.unwrap_or_default() {
                add_piece(&mut calls, piece);
            }
        }
    }
    Ok(Answer { text: collected.text, calls })
}

async fn tools(order: Value) -> Result<Value, OpenAIError> {
    let (client, mut asked) = (client(&order), request(&order));
    asked.tools = Some(offered());
    loop {
        let answer = if order["streamed"] == true {
            streamed_answer(&client, asked.clone()).await?
        } else {
            whole_answer(&client, asked.clone()).await?
        };
        if answer.calls.is_empty() {
            return Ok(json!({"text": answer.text}));
        }
        asked.messages.push(
            ChatCompletionRequestAssistantMessage {
                content: Some(answer.text).filter(|text| !text.is_empty()).map(Into::into),
                tool_calls: Some(answer.calls.iter().cloned().map(Into::into).collect()),
                ..Default::default()
            }
            .into(),
        );
        for call in answer.calls {
            let result = driver::run_tool(&call.function.name, &call.function.arguments)
                .map_err(|error| OpenAIError::JSONDeserialize(error, call.function.arguments))?;
            asked.messages.push(
                ChatCompletionRequestToolMessage { content: result.into(), tool_call_id: call.id }
                    .into(),
            );
        }
    }
}

async fn run(order: Value) -> Result<Value, OpenAIError> {
    match order["do"].as_str() {
        Some("stream") => stream(order).await,
        Some("tools") => tools(order).await,
        _ => chat(order).await,
    }
}

fn report(error: OpenAIError) -> Value {
    let message = error.to_string();
    eprintln!("{error:?}");
    let mut made = json!({"kind": "api", "name": format!("{error:?}").split('(').next(),
                          "status": null, "code": null, "message": message});
    match error {
        OpenAIError::ApiError(refused) => {
            made["status"] = refused.status_code.as_u16().into();
            made["code"] = refused.api_error.code.into();
        }
        OpenAIError::Reqwest(failed) if failed.is_timeout() => made["kind"] = "timeout".into(),
        _ => {}
    }
    made
}

#[tokio::main]
async fn main() {
    driver::serve(run, report).await;
}
