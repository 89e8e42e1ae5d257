package io.adapt4j.core.internal.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Training losses of the newest steps. Their mean, weighted by what each step was trained on, says
 * where a run stands; the last step alone does not, as its batch may hold the few rows that are
 * left over. Immutable.
 */
record RecentLosses(List<Step> steps) {

  /** Steps at most. */
  private static final int MOST = 10;

  /** Of a short run the newest tenth, but never one step alone. */
  private static final int LEAST = 2;

  static final RecentLosses NONE = new RecentLosses(List.of());

  /** A step. */
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
   * Returns the weighted mean over the last tenth of a run, 2 to 10 steps.
   *
   * @return the mean; NaN before the first step
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

  /** Numbers as texts, which keep every bit and NaN. */
  ArrayNode json() {
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    for (Step step : steps) {
      json.addArray().add(Double.toString(step.loss())).add(Double.toString(step.weight()));
    }
    return json;
  }

  /** Reads what {@link #json} wrote. */
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
