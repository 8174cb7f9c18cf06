import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.RequestOptions;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.CompletionUsage;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** openai-java, the official Java client. */
final class OpenAi {
  private static final OpenAIClient CLIENT = OpenAIOkHttpClient.builder()
      .baseUrl(System.getenv("GATEWAY")).apiKey("unused").maxRetries(0).build();

  private static ChatCompletionCreateParams.Builder parameters(JsonNode order) {
    var made = ChatCompletionCreateParams.builder().model(order.get("model").asText());
    for (JsonNode message : order.get("messages")) {
      String text = message.get("content").asText();
      switch (message.get("role").asText()) {
        case "system" -> made.addSystemMessage(text);
        case "assistant" -> made.addAssistantMessage(text);
        default -> made.addUserMessage(text);
      }
    }
    return made;
  }

  private static RequestOptions options(JsonNode order) {
    long timeout = (long) (order.get("timeout").asDouble() * 1000);
    return RequestOptions.builder().timeout(Duration.ofMillis(timeout)).build();
  }

  private static Map<String, Object> usage(Optional<CompletionUsage> usage) {
    return usage.map(found -> Driver.usage(found.promptTokens(), found.completionTokens(),
        found.totalTokens(), found.promptTokensDetails().get().cachedTokens().get())).orElse(null);
  }

  private static Map<String, Object> chat(JsonNode order) {
    var done = CLIENT.chat().completions().create(parameters(order).build(), options(order));
    var choice = done.choices().get(0);
    return Driver.end(choice.message().content().get(), choice.finishReason().asString(),
        usage(done.usage()));
  }

  private static Map<String, Object> stream(JsonNode order) {
    var parameters = parameters(order);
    if (order.get("usage").asBoolean()) {
      parameters.streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build());
    }
    var collected = new Driver.Collector(order);
    String finish = null;
    Optional<CompletionUsage> usage = Optional.empty();
    try (var chunks =
        CLIENT.chat().completions().createStreaming(parameters.build(), options(order))) {
      for (var each = chunks.stream().iterator(); each.hasNext(); ) {
        var chunk = each.next();
        if (chunk.usage().isPresent()) {
          usage = chunk.usage();
        }
        for (var choice : chunk.choices()) {
          if (choice.finishReason().isPresent()) {
            finish = choice.finishReason().get().asString();
          }
          if (collected.add(choice.delta().content().orElse(""))) {
            return collected.left();
          }
        }
      }
    }
    return Driver.end(collected.text(), finish, usage(usage));
  }

  private static Map<String, Object> report(Exception error) {
    if (error instanceof OpenAIServiceException refused) {
      return Driver.failure(error, false, refused.statusCode(), refused.code().orElse(null));
    }
    boolean isTimeout = error.getCause() instanceof InterruptedIOException;
    return Driver.failure(error, isTimeout, null, null);
  }

  public static void main(String[] arguments) throws Exception {
    Driver.serve(OpenAIClient.class, Map.of("chat", OpenAi::chat, "stream", OpenAi::stream),
        OpenAi::report);
  }
}
