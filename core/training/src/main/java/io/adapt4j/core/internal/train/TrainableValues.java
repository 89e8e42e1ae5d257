package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Copy of trainable parameters in Java arrays, to be sent to other workers, averaged and loaded.
 * Immutable.
 */
public final class TrainableValues {

  private final Map<String, float[]> values;

  private TrainableValues(Map<String, float[]> values) {
    this.values = values;
  }

  /** Copies the current parameters of an adaptation. */
  public static TrainableValues of(Adaptation adaptation) {
    Map<String, float[]> values = new LinkedHashMap<>();
    adaptation
        .trained()
        .forEach(parameter -> values.put(parameter.name(), parameter.value().toFloats()));
    return new TrainableValues(values);
  }

  /**
   * Copies arrays, such as those received from another worker.
   *
   * @param values row-major values by name; copied
   */
  public static TrainableValues of(Map<String, float[]> values) {
    Map<String, float[]> copies = new LinkedHashMap<>();
    values.forEach((name, array) -> copies.put(name, array.clone()));
    return new TrainableValues(copies);
  }

  /** Returns the weighted average over several workers. */
  public static TrainableValues average(List<TrainableValues> workers, List<Double> weights) {
    if (workers.isEmpty() || workers.size() != weights.size()) {
      throw new IllegalArgumentException(
          "an average needs one weight a worker, found %s workers and %s weights"
              .formatted(workers.size(), weights.size()));
    }
    double total = 0;
    for (double weight : weights) {
      if (!(weight > 0 && Double.isFinite(weight))) {
        throw new IllegalArgumentException("weights must be above 0, found " + weights);
      }
      total += weight;
    }
    Map<String, float[]> averages = new LinkedHashMap<>();
    for (String name : workers.get(0).names()) {
      List<float[]> all = new ArrayList<>();
      for (TrainableValues worker : workers) {
        all.add(worker.require(name, workers.get(0).values.get(name).length));
      }
      averages.put(name, mean(all, weights, total));
    }
    return new TrainableValues(averages);
  }

  private static float[] mean(List<float[]> all, List<Double> weights, double total) {
    float[] mean = new float[all.get(0).length];
    for (int i = 0; i < mean.length; i++) {
      double sum = 0;
      for (int worker = 0; worker < all.size(); worker++) {
        sum += weights.get(worker) * all.get(worker)[i];
      }
      mean[i] = (float) (sum / total);
    }
    return mean;
  }

  /** Returns the parameter names. */
  public Set<String> names() {
    return values.keySet();
  }

  /** Returns a copy of a parameter's values: row-major. */
  public float[] values(String name) {
    float[] found = values.get(name);
    if (found == null) {
      throw new IllegalArgumentException("no trained value is named " + name);
    }
    return found.clone();
  }

  /** Loads these values into an adaptation. The optimizer state is unchanged. */
  public void copyTo(Adaptation adaptation) {
    List<Trainable> trained = adaptation.trained();
    if (trained.size() != values.size()) {
      throw new IllegalArgumentException(
          "expected " + trained.size() + " trained values, found " + values.size());
    }
    trained.forEach(parameter -> require(parameter.name(), parameter.value().count()));
    for (Trainable parameter : trained) {
      try (Tensor source = Tensor.of(values.get(parameter.name()), parameter.value().sizes())) {
        parameter.value().copyFrom(source);
      }
    }
    adaptation.refresh();
  }

  private float[] require(String name, long count) {
    float[] found = values.get(name);
    if (found == null || found.length != count) {
      throw new IllegalArgumentException(
          "%s: expected %s values, found %s"
              .formatted(name, count, found == null ? "none" : String.valueOf(found.length)));
    }
    return found;
  }
}
