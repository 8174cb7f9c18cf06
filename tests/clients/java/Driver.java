import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** What all Java clients of the matrix share: the same orders and reports as python/driver.py. */
final class Driver {
  /** One of the orders that README.md lists. */
  interface Handler {
    Map<String, Object> run(JsonNode order) throws Exception;
  }

  /** The report of an error, as the client's user gets it. */
  interface Reporter {
    Map<String, Object> fields(Exception error);
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final PrintStream REPORTS =
      new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

  /** Some libraries print to stdout; the reports get it for themselves. */
  static void serve(Class<?> client, Map<String, Handler> handlers, Reporter reporter)
      throws Exception {
    System.setOut(System.err);
    tell("ready", Map.of("version", version(client)));
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null; ) {
      JsonNode order = JSON.readTree(line);
      try {
        tell("end", handlers.get(order.get("do").asText()).run(order));
      } catch (Exception error) { // whatever a client throws is what the matrix is about
        error.printStackTrace();
        tell("error", reporter.fields(error));
      }
    }
    System.exit(0); // some clients keep threads of their own
  }

  static synchronized void tell(String report, Map<String, Object> fields) {
    Map<String, Object> line = new LinkedHashMap<>(Map.of("report", report));
    line.putAll(fields);
    try {
      REPORTS.println(JSON.writeValueAsString(line));
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  static Map<String, Object> end(String text, String finish, Map<String, Object> usage) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("text", text);
    fields.put("finish", finish);
    fields.put("usage", usage);
    return fields;
  }

  static Map<String, Object> failure(
      Exception error, boolean isTimeout, Integer status, String code) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("kind", isTimeout ? "timeout" : "api");
    fields.put("name", error.getClass().getSimpleName());
    fields.put("status", status);
    fields.put("code", code);
    fields.put("message", String.valueOf(error.getMessage()));
    return fields;
  }

  static Map<String, Object> usage(long prompt, long completion, long total, long cached) {
    return Map.of("prompt", prompt, "completion", completion, "total", total, "cached", cached);
  }

  /** The version in the name of the jar that a class is from. */
  private static String version(Class<?> of) {
    String jar = of.getProtectionDomain().getCodeSource().getLocation().getPath();
    return jar.replaceFirst(".*-([0-9][0-9.]*)\\.jar$", "$1");
  }

  /** Gathers a stream's text and reports each piece as it comes. */
  static final class Collector {
    private final String stopAfter;
    private final StringBuilder text = new StringBuilder();

    Collector(JsonNode order) {
      stopAfter = order.get("stop_after").isNull() ? null : order.get("stop_after").asText();
    }

    /** True once the application has seen enough and should leave. */
    boolean add(String piece) {
      if (!piece.isEmpty()) {
        text.append(piece);
        tell("delta", Map.of("text", piece));
      }
      return stopAfter != null && text.indexOf(stopAfter) >= 0;
    }

    String text() {
      return text.toString();
    }

    Map<String, Object> left() {
      return end(text(), "left", null);
    }
  }
}
