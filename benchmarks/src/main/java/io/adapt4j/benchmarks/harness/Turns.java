package io.adapt4j.benchmarks.harness;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * Measurements that alternate: a round takes each of them once, so that other load on the machine
 * affects all of them.
 */
public final class Turns {

  private final Map<String, IntToDoubleFunction> measured = new LinkedHashMap<>();
  private final Map<String, double[]> values = new LinkedHashMap<>();
  private final int warmup;
  private final int rounds;

  public Turns(int warmup, int rounds) {
    this.warmup = warmup;
    this.rounds = rounds;
  }

  /** Adds a measurement, which is given the number of the round; negative in the warm-up. */
  public Turns add(String name, IntToDoubleFunction measurement) {
    measured.put(name, measurement);
    values.put(name, new double[rounds]);
    return this;
  }

  /** Adds the seconds of an action. */
  public Turns time(String name, Runnable action) {
    return add(
        name,
        round -> {
          long begun = System.nanoTime();
          action.run();
          return (System.nanoTime() - begun) / 1e9;
        });
  }

  public Turns run() {
    for (int i = -warmup; i < rounds; i++) {
      for (Map.Entry<String, IntToDoubleFunction> entry : measured.entrySet()) {
        double value = entry.getValue().applyAsDouble(i);
        if (i >= 0) {
          values.get(entry.getKey())[i] = value;
        }
      }
    }
    return this;
  }

  public Samples of(String name) {
    return Samples.of(values.get(name));
  }

  /** Returns the quotients of two measurements, round by round. */
  public Samples ratio(String over, String under) {
    double[] quotients = values.get(over).clone();
    Arrays.setAll(quotients, i -> quotients[i] / values.get(under)[i]);
    return Samples.of(quotients);
  }
}
