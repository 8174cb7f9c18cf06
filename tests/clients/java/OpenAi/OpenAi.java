import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.RequestOptions;
import com.openai.errors.OpenAIServiceException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.CompletionUsage;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
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

  /** A tool that the model calls: its fields are the arguments. */
  @JsonClassDescription("Looks at one thing.")
  @JsonTypeName("look")
  static final class Look {
    public int step;
    public int number;

    String run() {
      return "look " + step + "." + number;
    }
  }

  /** Another one. */
  @JsonClassDescription("Touches one thing.")
  @JsonTypeName("touch")
  static final class Touch {
    public int step;
    public int number;

    String run() {
      return "touch " + step + "." + number;
    }
  }

  private static String run(ChatCompletionMessageFunctionToolCall.Function called) {
    return switch (called.name()) {
      case "look" -> called.arguments(Look.class).run();
      case "touch" -> called.arguments(Touch.class).run();
      default -> throw new IllegalArgumentException(called.name());
    };
  }

  /** The next answer of a loop; of a stream what the package's accumulator puts together. */
  private static ChatCompletion answer(ChatCompletionCreateParams asked, JsonNode order) {
    if (!order.get("streamed").asBoolean()) {
      return CLIENT.chat().completions().create(asked, options(order));
    }
    var collected = new Driver.Collector(order);
    var whole = ChatCompletionAccumulator.create();
    try (var chunks = CLIENT.chat().completions().createStreaming(asked, options(order))) {
      chunks.stream().peek(whole::accumulate).flatMap(chunk -> chunk.choices().stream())
          .forEach(choice -> collected.add(choice.delta().content().orElse("")));
    }
    return whole.chatCompletion();
  }

  private static Map<String, Object> tools(JsonNode order) {
    var asked = parameters(order).addTool(Look.class).addTool(Touch.class);
    while (true) {
      var choice = answer(asked.build(), order).choices().get(0);
      var calls = choice.message().toolCalls().orElse(List.of());
      if (calls.isEmpty()) { // of a stream it is there and empty
        return Driver.end(choice.message().content().get(), choice.finishReason().asString(), null);
      }
      asked.addMessage(choice.message());
      for (var call : calls) {
        var function = call.asFunction();
        asked.addMessage(ChatCompletionToolMessageParam.builder().toolCallId(function.id())
            .content(run(function.function())).build());
      }
    }
  }

  private static Map<String, Object> report(Exception error) {
    if (error instanceof OpenAIServiceException refused) {
      return Driver.failure(error, false, refused.statusCode(), refused.code().orElse(null));
    }
    boolean isTimeout = error.getCause() instanceof InterruptedIOException;
    return Driver.failure(error, isTimeout, null, null);
  }

  public static void main(String[] arguments) throws Exception {
    Driver.serve(OpenAIClient.class,
        Map.of("chat", OpenAi::chat, "stream", OpenAi::stream, "tools", OpenAi::tools),
        OpenAi::report);
  }
}
