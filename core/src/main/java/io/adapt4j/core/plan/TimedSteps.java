package io.adapt4j.core.plan;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Bytes;
import io.adapt4j.core.internal.Json;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Steps that were performed to see how long a run takes.
 *
 * @param steps steps timed, after one that was not
 * @param secondsPerStep time of a step of mean size
 * @param tokensPerSecond tokens learned from and read, padding left out
 * @param evaluationSeconds time of one evaluation; 0 without validation data
 * @param total predicted time of all steps and evaluations; loading and saving are left out
 * @param peakBytes the most memory the process ever had resident; empty where the system does not
 *     say
 */
public record TimedSteps(
    int steps,
    double secondsPerStep,
    double tokensPerSecond,
    double evaluationSeconds,
    Duration total,
    OptionalLong peakBytes) {

  /**
   * Writes the figures for people.
   *
   * @return lines, the last one ended as well
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
   * Writes the figures as JSON.
   *
   * @return the text of an object with the names of the components
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
