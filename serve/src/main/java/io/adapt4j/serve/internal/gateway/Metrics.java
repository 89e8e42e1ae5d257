package io.adapt4j.serve.internal.gateway;

import io.adapt4j.serve.internal.http.Call;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Counters for {@code /metrics}, in Prometheus' text format. Thread-safe.
 *
 * <p>Hand-written: these are a few counters and two histograms, for which Micrometer would bring
 * its registry, Prometheus' client and its formats into every application.
 */
final class Metrics {

  private static final double[] SECONDS = {
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300
  };

  private final Map<String, Long> requests = new TreeMap<>();
  private final Map<String, Long> promptTokens = new TreeMap<>();
  private final Map<String, Long> newTokens = new TreeMap<>();
  private final Histogram took = new Histogram();
  private final Histogram untilText = new Histogram();

  /** Counts a finished request under its route, one of a few. */
  synchronized void count(String route, Call call) {
    requests.merge("path=\"" + route + "\",status=\"" + call.status() + "\"", 1L, Long::sum);
    took.add(call.age());
    call.untilText().ifPresent(untilText::add);
    String model = call.model().orElse("");
    if (!model.isEmpty()) {
      String label = "model=\"" + escaped(model) + "\"";
      promptTokens.merge(label, (long) call.usage().promptTokens(), Long::sum);
      newTokens.merge(label, (long) call.usage().newTokens(), Long::sum);
    }
  }

  /** Formats all counters. */
  synchronized String text(LongSupplier requestsNow, Load load) {
    StringBuilder text = new StringBuilder();
    counter(text, "adapt4j_requests_total", "Requests that are over.", requests);
    counter(text, "adapt4j_prompt_tokens_total", "Tokens of prompts.", promptTokens);
    counter(text, "adapt4j_generated_tokens_total", "Tokens of answers.", newTokens);
    gauge(text, "adapt4j_requests_running", "Requests in progress.", requestsNow);
    gauge(
        text,
        "adapt4j_answers_running",
        "Answers that are computed or wait for it.",
        load.answers()::getAsInt);
    Map<String, Long> shadows = load.shadows().get();
    if (!shadows.isEmpty()) {
      counter(text, "adapt4j_shadow_answers_total", "Copies of requests.", shadows);
    }
    took.write(text, "adapt4j_request_duration_seconds", "Time until a request was over.");
    untilText.write(
        text, "adapt4j_time_to_first_text_seconds", "Time until the first text of a stream.");
    return text.toString();
  }

  private static void counter(
      StringBuilder text, String name, String help, Map<String, Long> values) {
    head(text, name, help, "counter");
    values.forEach((labels, value) -> line(text, name + "{" + labels + "}", value));
  }

  private static void gauge(StringBuilder text, String name, String help, LongSupplier value) {
    head(text, name, help, "gauge");
    line(text, name, value.getAsLong());
  }

  private static void head(StringBuilder text, String name, String help, String type) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private static void line(StringBuilder text, String name, Object value) {
    text.append(name).append(' ').append(value).append('\n');
  }

  private static String escaped(String label) {
    return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  /** Counts of durations up to bounds. */
  private static final class Histogram {

    private final long[] counts = new long[SECONDS.length];
    private long count;
    private double sum;

    private void add(Duration duration) {
      double seconds = duration.toNanos() / 1e9;
      count++;
      sum += seconds;
      for (int i = 0; i < SECONDS.length; i++) {
        counts[i] += seconds <= SECONDS[i] ? 1 : 0;
      }
    }

    private void write(StringBuilder text, String name, String help) {
      head(text, name, help, "histogram");
      for (int i = 0; i < SECONDS.length; i++) {
        line(text, name + "_bucket{le=\"" + SECONDS[i] + "\"}", counts[i]);
      }
      line(text, name + "_bucket{le=\"+Inf\"}", count);
      line(text, name + "_sum", sum);
      line(text, name + "_count", count);
    }
  }
}
