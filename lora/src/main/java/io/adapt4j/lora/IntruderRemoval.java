package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.lora.internal.Factorization;
import io.adapt4j.lora.internal.Factorization.IntruderLimits;
import io.adapt4j.lora.internal.layer.LoraLinear;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Removal of intruder dimensions from a trained LoRA adapter (Shuttleworth et al. 2024), so that
 * the model forgets less of what it knew, at some cost to what it learned. An intruder is one of
 * the strongest singular directions of a weight with its update that resembles no direction of the
 * weight alone. The same as PEFT's {@code reduce_intruder_dimension}, with its defaults.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class IntruderRemoval {

  private final IntruderLimits limits;

  private IntruderRemoval(int directions, double threshold, double share) {
    this.limits = new IntruderLimits(directions, threshold, share);
  }

  /**
   * Starts with PEFT's defaults: the 10 strongest directions, threshold 0.5, share kept 0.75.
   *
   * @return the removal
   */
  public static IntruderRemoval create() {
    return new IntruderRemoval(10, 0.5, 0.75);
  }

  /**
   * Sets how many of the strongest directions of each weight are looked at.
   *
   * @param count at least 1; PEFT's {@code top_k}
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public IntruderRemoval directions(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("directions: expected at least 1, found " + count);
    }
    return new IntruderRemoval(count, limits.threshold(), limits.share());
  }

  /**
   * Sets the similarity below which a direction is an intruder.
   *
   * @param cosine above 0, at most 1; PEFT's {@code threshold_epsilon}
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public IntruderRemoval threshold(double cosine) {
    if (!(cosine > 0 && cosine <= 1)) {
      throw new IllegalArgumentException(
          "threshold: expected a number above 0 and at most 1, found " + cosine);
    }
    return new IntruderRemoval(limits.directions(), cosine, limits.share());
  }

  /**
   * Sets the share of an intruder that is kept.
   *
   * @param kept in [0, 1]; PEFT's {@code mitigation_lambda}
   * @return a changed copy
   * @throws IllegalArgumentException if it is not
   */
  public IntruderRemoval keep(double kept) {
    if (!(kept >= 0 && kept <= 1)) {
      throw new IllegalArgumentException("keep: expected a number from 0 to 1, found " + kept);
    }
    return new IntruderRemoval(limits.directions(), limits.threshold(), kept);
  }

  /**
   * Writes an adapter without its intruders. Decomposes every adapted weight, and needs memory for
   * the whole base in fp32.
   *
   * @param adapter a LoRA adapter of projections, without DoRA
   * @param base the base model's folder
   * @param output folder for the changed adapter
   * @return the number of intruders by module path
   * @throws CheckpointException if adapter or base cannot be read, or they do not match
   * @throws IllegalArgumentException if output is the adapter's folder, or the adapter is more than
   *     plain LoRA of projections
   */
  public Map<String, Integer> write(LoraAdapter adapter, Path base, Path output) {
    Texts.require("adapter", adapter);
    Texts.require("base", base);
    Texts.require("output", output);
    if (output.toAbsolutePath().normalize().equals(adapter.folder().toAbsolutePath().normalize())) {
      throw new IllegalArgumentException(
          "output: expected another folder than the adapter's, found " + output);
    }
    AdapterConfig config = adapter.config();
    if (config.dora() || config.initial().leavesResidual() || config.loftq().isUsed()) {
      throw new IllegalArgumentException(
          "adapter: expected plain LoRA, found "
              + (config.dora() ? "DoRA" : "initial values taken from the base")
              + ". Intruders are removed from plain LoRA only, as in PEFT.");
    }
    Map<String, Integer> found = new LinkedHashMap<>();
    new LoraAdapterMechanics(adapter)
        .rewrite(
            base,
            output,
            model -> {
              if (!model.tables().isEmpty()) {
                throw new IllegalArgumentException(
                    "adapter: expected updates of projections, found one of "
                        + model.tables().get(0).target().path()
                        + ". Intruders are removed from projections only.");
              }
              model.layers().forEach(layer -> reduce(layer, found));
            });
    return found;
  }

  private void reduce(LoraLinear layer, Map<String, Integer> found) {
    for (int i = 0; i < layer.adapted().size(); i++) {
      try (Scope scope = Scope.open()) {
        Tensor a = layer.factors().a(i);
        Tensor b = layer.factors().b(i);
        Factorization.Reduced made =
            new Factorization(b, a)
                .withoutIntruders(layer.baseRows(i), layer.adapted().get(i).scale(), limits);
        a.copyFrom(made.update().right());
        b.copyFrom(made.update().left());
        found.put(layer.adapted().get(i).part().path(), made.intruders());
      }
    }
  }
}
