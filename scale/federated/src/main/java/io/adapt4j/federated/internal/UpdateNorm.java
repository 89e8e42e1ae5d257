package io.adapt4j.federated.internal;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;
import java.util.function.Predicate;

/** Norm, clipping and noising of an adapter's update. */
public final class UpdateNorm {

  private UpdateNorm() {}

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

  /** Returns the clipping factor for a norm and a limit. */
  public static double factor(double norm, double limit) {
    return norm <= limit ? 1 : limit / norm;
  }

  /** Writes an adapter with its update clipped and noise added. */
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

  public static Tensor noisy(Tensor values, double deviation, Noise noise) {
    if (deviation == 0) {
      return values;
    }
    float[] array = values.toFloats();
    noise.add(array, deviation);
    return Tensor.of(array, values.sizes()).copyAs(values.type());
  }
}
