package io.adapt4j.core.plan;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Bytes;
import io.adapt4j.core.internal.Json;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Measurements of steps performed to estimate the duration of a run.
 *
 * @param steps number of timed steps, after one warmup step
 * @param secondsPerStep time of a step of mean size
 * @param tokensPerSecond tokens per second, without padding
 * @param evaluationSeconds time of one evaluation; 0 without validation data
 * @param total predicted time of all steps and evaluations, without loading and saving
 * @param peakBytes peak memory (RSS) of the process; empty if the system does not report it
 */
public record TimedSteps(
    int steps,
    double secondsPerStep,
    double tokensPerSecond,
    double evaluationSeconds,
    Duration total,
    OptionalLong peakBytes) {

  /**
   * Formats the measurements.
   *
   * @return readable lines, each ended by a line feed
   */
  public String text() {
    String peak =
        peakBytes.isPresent()
            ? ", at most " + Bytes.text(peakBytes.getAsLong()) + " of memory until now"
            : "";
    return String.format(
        Locale.ROOT,
        "  timed %d steps: %.3f s a step, %.0f tokens/s%s%n  predicted time %s%n",
        steps,
        secondsPerStep,
        tokensPerSecond,
        peak,
        clock(total));
  }

  private static String clock(Duration time) {
    return String.format(
        Locale.ROOT, "%d:%02d:%02d", time.toHours(), time.toMinutesPart(), time.toSecondsPart());
  }

  /**
   * Serializes the measurements as JSON.
   *
   * @return a JSON object with the names of the components
   */
  public String json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("steps", steps);
    json.put("secondsPerStep", secondsPerStep);
    json.put("tokensPerSecond", tokensPerSecond);
    json.put("evaluationSeconds", evaluationSeconds);
    json.put("totalSeconds", total.toMillis() / 1e3);
    peakBytes.ifPresent(bytes -> json.put("peakBytes", bytes));
    return Json.indented(json);
  }
}
