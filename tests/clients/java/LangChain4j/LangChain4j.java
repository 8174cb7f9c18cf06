import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiChatResponseMetadata;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.Result;
import dev.langchain4j.service.TokenStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** LangChain4j with its OpenAI models. */
final class LangChain4j {
  private static Duration timeout(JsonNode order) {
    return Duration.ofMillis((long) (order.get("timeout").asDouble() * 1000));
  }

  private static ChatRequest request(JsonNode order) {
    var messages = new ArrayList<ChatMessage>();
    for (JsonNode message : order.get("messages")) {
      String text = message.get("content").asText();
      messages.add(switch (message.get("role").asText()) {
        case "system" -> SystemMessage.from(text);
        case "assistant" -> AiMessage.from(text);
        default -> UserMessage.from(text);
      });
    }
    return ChatRequest.builder().messages(messages).build();
  }

  private static Map<String, Object> end(ChatResponse answer) {
    var metadata = (OpenAiChatResponseMetadata) answer.metadata();
    var usage = metadata.tokenUsage();
    return Driver.end(answer.aiMessage().text(), String.valueOf(answer.finishReason()),
        usage == null ? null : Driver.usage(usage.inputTokenCount(), usage.outputTokenCount(),
            usage.totalTokenCount(), usage.inputTokensDetails().cachedTokens()));
  }

  private static OpenAiChatModel model(JsonNode order) {
    return OpenAiChatModel.builder().baseUrl(System.getenv("GATEWAY")).apiKey("unused")
        .modelName(order.get("model").asText()).maxRetries(0).timeout(timeout(order)).build();
  }

  private static OpenAiStreamingChatModel streamingModel(JsonNode order) {
    return OpenAiStreamingChatModel.builder().baseUrl(System.getenv("GATEWAY")).apiKey("unused")
        .modelName(order.get("model").asText()).timeout(timeout(order)).build();
  }

  private static Map<String, Object> chat(JsonNode order) {
    return end(model(order).chat(request(order)));
  }

  private static Map<String, Object> stream(JsonNode order) throws Exception {
    var model = streamingModel(order);
    var collected = new Driver.Collector(order);
    var done = new CompletableFuture<Map<String, Object>>();
    model.chat(request(order), new StreamingChatResponseHandler() {
      @Override
      public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
        if (collected.add(part.text())) {
          context.streamingHandle().cancel();
          done.complete(collected.left());
        }
      }

      @Override
      public void onCompleteResponse(ChatResponse answer) {
        done.complete(end(answer));
      }

      @Override
      public void onError(Throwable error) {
        done.completeExceptionally(error);
      }
    });
    return awaited(done);
  }

  private static Map<String, Object> awaited(CompletableFuture<Map<String, Object>> done)
      throws Exception {
    try {
      return done.get();
    } catch (ExecutionException error) {
      throw (Exception) error.getCause();
    }
  }

  /** The tools that the model calls: a class each, since Java lists methods in no certain order. */
  static final class Look {
    @Tool("Looks at one thing.")
    String look(@P(name = "step") int step, @P(name = "number") int number) {
      return "look " + step + "." + number;
    }
  }

  static final class Touch {
    @Tool("Touches one thing.")
    String touch(@P(name = "step") int step, @P(name = "number") int number) {
      return "touch " + step + "." + number;
    }
  }

  /** An AI service, which runs what the model calls. */
  interface Assistant {
    Result<String> chat(String question);

    TokenStream stream(String question);
  }

  private static Map<String, Object> tools(JsonNode order) throws Exception {
    var assistant = AiServices.builder(Assistant.class).chatModel(model(order))
        .streamingChatModel(streamingModel(order)).tools(new Look(), new Touch())
        .build();
    String question = order.get("messages").get(0).get("content").asText();
    if (!order.get("streamed").asBoolean()) {
      return Driver.end(assistant.chat(question).content(), null, null);
    }
    var collected = new Driver.Collector(order);
    var done = new CompletableFuture<Map<String, Object>>();
    assistant.stream(question).onPartialResponse(collected::add)
        .onCompleteResponse(answer -> done.complete(end(answer)))
        .onError(done::completeExceptionally).start();
    return awaited(done);
  }

  /** What an AI service makes of a structured answer. */
  record City(String name, int people) {}

  /** An AI service that fills an object. */
  interface Filler {
    City fill(String question);
  }

  private static Map<String, Object> structured(JsonNode order) {
    var model = OpenAiChatModel.builder().baseUrl(System.getenv("GATEWAY")).apiKey("unused")
        .modelName(order.get("model").asText()).maxRetries(0).timeout(timeout(order))
        .supportedCapabilities(Capability.RESPONSE_FORMAT_JSON_SCHEMA).build();
    City city = AiServices.create(Filler.class, model)
        .fill(order.get("messages").get(0).get("content").asText());
    return Driver.end(
        "{\"name\":\"%s\",\"people\":%d}".formatted(city.name(), city.people()), null, null);
  }

  private static Map<String, Object> report(Exception error) {
    Integer status = error.getCause() instanceof HttpException refused ? refused.statusCode() : null;
    return Driver.failure(error, error instanceof TimeoutException, status, null);
  }

  public static void main(String[] arguments) throws Exception {
    Driver.serve(OpenAiChatModel.class,
        Map.of("chat", LangChain4j::chat, "stream", LangChain4j::stream,
            "tools", LangChain4j::tools, "structured", LangChain4j::structured),
        LangChain4j::report);
  }
}
