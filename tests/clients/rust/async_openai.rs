//! async-openai.

mod driver;

use async_openai::{
    config::OpenAIConfig,
    error::OpenAIError,
    middleware::ReqwestService,
    types::chat::{
        ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
        ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
        ChatCompletionStreamOptions, CompletionUsage, CreateChatCompletionRequest,
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

async fn run(order: Value) -> Result<Value, OpenAIError> {
    if order["do"] == "stream" {
        stream(order).await
    } else {
        chat(order).await
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
