package io.adapt4j.core.internal.monitor;

import java.util.ArrayDeque;
import java.util.Deque;

/** Sliding window over a series of numbers. */
final class Sample {

  private final int size;
  private final Deque<Double> values = new ArrayDeque<>();

  Sample(int size) {
    this.size = size;
  }

  void add(double value) {
    if (values.size() == size) {
      values.removeFirst();
    }
    values.addLast(value);
  }

  int count() {
    return values.size();
  }

  boolean isFull() {
    return values.size() == size;
  }

  void clear() {
    values.clear();
  }

  double mean() {
    return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }

  double median() {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /** Returns the standard error of the mean. */
  double standardError() {
    double mean = mean();
    double squares = values.stream().mapToDouble(value -> (value - mean) * (value - mean)).sum();
    return Math.sqrt(squares / (values.size() - 1) / values.size());
  }
}
