package io.adapt4j.core.internal.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Training losses of the newest steps. Their weighted mean is a better measure of a run's current
 * loss than the last step, whose batch may hold only the few remaining rows. Immutable.
 */
record RecentLosses(List<Step> steps) {

  /** Maximum number of steps. */
  private static final int MOST = 10;

  /** Minimum number of steps to average in a short run. */
  private static final int LEAST = 2;

  static final RecentLosses NONE = new RecentLosses(List.of());

  /** Loss of a step and its weight. */
  record Step(double loss, double weight) {}

  RecentLosses {
    steps = List.copyOf(steps);
  }

  RecentLosses with(double loss, double weight) {
    List<Step> all = new ArrayList<>(steps);
    all.add(new Step(loss, weight));
    return new RecentLosses(all.subList(Math.max(0, all.size() - MOST), all.size()));
  }

  /**
   * Returns the weighted mean over the last tenth of a run, 2 to 10 steps; NaN before the first
   * step.
   */
  double mean(int done) {
    int wanted = Math.max(LEAST, Math.min(MOST, done / MOST));
    List<Step> newest = steps.subList(Math.max(0, steps.size() - wanted), steps.size());
    if (newest.size() == 1) {
      return newest.get(0).loss();
    }
    double weight = newest.stream().mapToDouble(Step::weight).sum();
    double sum = newest.stream().mapToDouble(step -> step.loss() * step.weight()).sum();
    return newest.isEmpty() ? Double.NaN : sum / weight;
  }

  /** Returns the numbers as strings, which preserves every bit and NaN. */
  ArrayNode json() {
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    for (Step step : steps) {
      json.addArray().add(Double.toString(step.loss())).add(Double.toString(step.weight()));
    }
    return json;
  }

  static RecentLosses of(JsonNode json) {
    List<Step> steps = new ArrayList<>();
    for (JsonNode step : json) {
      try {
        steps.add(
            new Step(
                Double.parseDouble(step.path(0).asText()),
                Double.parseDouble(step.path(1).asText())));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "the field 'recentLosses' has the unexpected value " + step, e);
      }
    }
    return new RecentLosses(steps);
  }
}
