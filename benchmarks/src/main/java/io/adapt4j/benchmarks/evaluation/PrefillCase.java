package io.adapt4j.benchmarks.evaluation;

import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Positions;
import io.adapt4j.core.internal.nn.Weights;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The bare model, up to its final norm, on batches without padding: rows sorted by length, in
 * batches of 2,048 tokens with their mean length.
 */
final class PrefillCase implements AutoCloseable {

  private static final int BATCH_TOKENS = 2048;

  private final Decoder decoder;
  private final List<Batch> batches = new ArrayList<>();

  PrefillCase(Path folder, DType type, int[] lengths) {
    decoder = Architectures.declareDecoder(ModelConfig.read(folder));
    decoder.allocate(type);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.load(decoder, checkpoint);
    }
    int[] sorted = lengths.clone();
    Arrays.sort(sorted);
    for (int to = sorted.length; to > 0; ) {
      int rows = Math.min(to, Math.max(1, BATCH_TOKENS / sorted[to - 1]));
      double mean = Arrays.stream(sorted, to - rows, to).average().orElseThrow();
      batches.add(new Batch(rows, (int) Math.round(mean)));
      to -= rows;
    }
  }

  private record Batch(int rows, int length) {

    long tokens() {
      return (long) rows * length;
    }
  }

  /** Returns tokens per second. */
  double rate() {
    SplittableRandom random = new SplittableRandom(1);
    long begun = System.nanoTime();
    long values = 0;
    for (Batch batch : batches) {
      long[] ids = random.longs(batch.tokens(), 3, 500).toArray();
      long[] mask = new long[ids.length];
      Arrays.fill(mask, 1);
      try (Scope scope = Scope.open();
          Positions positions = decoder.positions(mask, batch.rows(), batch.length())) {
        Tensor tokens = Tensor.of(ids, batch.rows(), batch.length());
        values += decoder.hidden(Ops.inference(), tokens, positions, false).count();
      }
    }
    double seconds = Timing.since(begun);
    if (values == 0) {
      throw new IllegalStateException("The model was not run");
    }
    return batches.stream().mapToLong(Batch::tokens).sum() / seconds;
  }

  @Override
  public void close() {
    decoder.close();
  }
}
