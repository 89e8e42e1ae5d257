package io.adapt4j.federated.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/** Creates the adapter that a site starts a round with. */
public final class StartingAdapter {

  private StartingAdapter() {}

  /**
   * Returns newly initialized matrices: A uniform in [-1 / sqrt(in), 1 / sqrt(in)], B zero, as in
   * LoRA.
   */
  public static LowRank fresh(LowRank like, int rank, String module, long seed) {
    int in = Math.toIntExact(like.a().size(1));
    SplittableRandom random = Noise.repeatable(seed, module.hashCode());
    double bound = 1 / Math.sqrt(in);
    float[] values = new float[Math.multiplyExact(rank, in)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (bound * (2 * random.nextDouble() - 1));
    }
    return new LowRank(
        LowRank.zeros(like, rank).b(), Tensor.of(values, rank, in).copyAs(DType.F64));
  }

  /** Writes the first ranks of an adapter, with its scales. */
  public static void writeFirst(StoredAdapter common, int rank, Path folder) {
    AdapterWriter writer = new AdapterWriter();
    for (String module : common.modules()) {
      try (Scope scope = Scope.open()) {
        writer.factors(module, common.factors(module).first(rank), common.scale(module));
      }
    }
    writeOthers(common, writer, folder);
  }

  /** Writes a newly initialized adapter. */
  public static void writeFresh(StoredAdapter common, OptionalInt rank, long seed, Path folder) {
    AdapterWriter writer = new AdapterWriter();
    for (String module : common.modules()) {
      try (Scope scope = Scope.open()) {
        LowRank like = common.factors(module);
        int own = rank.orElse(like.rank());
        writer.factors(module, fresh(like, own, module, seed), common.scale(module));
      }
    }
    writeOthers(common, writer, folder);
  }

  private static void writeOthers(StoredAdapter common, AdapterWriter writer, Path folder) {
    for (String name : common.others()) {
      try (Scope scope = Scope.open()) {
        writer.tensor(name, common.tensor(name));
      }
    }
    writer.write(folder, common.config());
  }
}
