package io.adapt4j.core.internal.task.rl;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** Running means by name, in insertion order. */
final class MeanMetrics {

  private final Map<String, double[]> sums = new LinkedHashMap<>();

  /** Adds a number; NaN is ignored. */
  void add(String name, double value) {
    addAll(name, Double.isNaN(value) ? 0 : value, Double.isNaN(value) ? 0 : 1);
  }

  /** Adds the sum of {@code count} numbers. */
  void addAll(String name, double sum, double count) {
    double[] both = sums.computeIfAbsent(name, key -> new double[2]);
    both[0] += sum;
    both[1] += count;
  }

  void addAll(MeanMetrics others) {
    others.sums.forEach((name, both) -> addAll(name, both[0], both[1]));
  }

  /** Returns the means; NaN for metrics without numbers. */
  Map<String, Double> means() {
    Map<String, Double> means = new LinkedHashMap<>();
    sums.forEach((name, both) -> means.put(name, both[0] / both[1]));
    return means;
  }

  double sum(String name) {
    return sums.getOrDefault(name, new double[2])[0];
  }

  double count(String name) {
    return sums.getOrDefault(name, new double[2])[1];
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    sums.forEach((name, both) -> json.putArray(name).add(both[0]).add(both[1]));
    return json;
  }

  static MeanMetrics of(JsonNode json) {
    MeanMetrics metrics = new MeanMetrics();
    json.properties()
        .forEach(
            property ->
                metrics.addAll(
                    property.getKey(),
                    property.getValue().path(0).asDouble(),
                    property.getValue().path(1).asDouble()));
    return metrics;
  }
}
