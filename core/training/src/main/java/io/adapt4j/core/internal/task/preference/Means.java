package io.adapt4j.core.internal.task.preference;

import java.util.LinkedHashMap;
import java.util.Map;

/** Running means by name, in insertion order. */
final class Means {

  private final Map<String, double[]> sums = new LinkedHashMap<>();

  void add(String name, double value) {
    double[] sum = sums.computeIfAbsent(name, absent -> new double[2]);
    sum[0] += value;
    sum[1]++;
  }

  Map<String, Double> take() {
    Map<String, Double> means = new LinkedHashMap<>();
    sums.forEach((name, sum) -> means.put(name, sum[0] / sum[1]));
    sums.clear();
    return means;
  }
}
