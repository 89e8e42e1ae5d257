package io.adapt4j.federated.internal;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;
import java.util.function.Predicate;

/** Norm of what training changed in an adapter, its limit, and noise that hides the change. */
public final class UpdateNorm {

  private UpdateNorm() {}

  /** Measures a change. */
  public static double of(StoredAdapter start, StoredAdapter end, Predicate<String> trained) {
    double sum = 0;
    for (String name : start.names()) {
      if (trained.test(name)) {
        try (Scope scope = Scope.open()) {
          Tensor change = end.tensor(name).plus(start.tensor(name).scaled(-1));
          for (float value : change.toFloats()) {
            sum += (double) value * value;
          }
        }
      }
    }
    return Math.sqrt(sum);
  }

  /** Returns what a change is multiplied by so that it is no longer than a limit. */
  public static double factor(double norm, double limit) {
    return norm <= limit ? 1 : limit / norm;
  }

  /** Writes an adapter with its change cut to a limit and hidden by noise. */
  public static void write(
      StoredAdapter start,
      StoredAdapter end,
      Predicate<String> trained,
      double limit,
      double deviation,
      Noise noise,
      Path folder) {
    double share = factor(of(start, end, trained), limit);
    AdapterWriter writer = new AdapterWriter();
    for (String module : end.modules()) {
      try (Scope scope = Scope.open()) {
        LowRank changed = start.factors(module).towards(end.factors(module), share);
        boolean trainsA = trained.test(StoredAdapter.nameOfA(module));
        Tensor a = trainsA ? noisy(changed.a(), deviation, noise) : changed.a();
        writer.factors(
            module, new LowRank(noisy(changed.b(), deviation, noise), a), end.scale(module));
      }
    }
    for (String name : end.others()) {
      try (Scope scope = Scope.open()) {
        Tensor changed = start.tensor(name).scaled(1 - share).plus(end.tensor(name).scaled(share));
        writer.tensor(name, noisy(changed, deviation, noise));
      }
    }
    writer.write(folder, end.config());
  }

  /** Adds noise to a tensor. */
  public static Tensor noisy(Tensor values, double deviation, Noise noise) {
    if (deviation == 0) {
      return values;
    }
    float[] array = values.toFloats();
    noise.add(array, deviation);
    return Tensor.of(array, values.sizes()).copyAs(values.type());
  }
}
