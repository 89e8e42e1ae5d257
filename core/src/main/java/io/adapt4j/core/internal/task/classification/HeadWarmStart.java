package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.internal.Shuffle;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.nn.DenseLinear;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.task.ClassificationProblem;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Warm start of a new classifier: instead of randomly, it is initialized by a linear fit to the
 * untrained model's features (linear probing, then fine-tuning: Kumar et al. 2022). Memory and time
 * are bounded: large datasets are subsampled, the same way in every run.
 */
public final class HeadWarmStart {

  /** Maximum number of values for features and scores: 64 MiB. */
  private static final long KEPT_VALUES = 1L << 24;

  private static final int MOST_TARGETS = 20_000;

  /** Fixed seed of the subsample, independent of the run's seed. */
  private static final long DRAW = 20_000;

  private HeadWarmStart() {}

  /** Returns whether a network has a new classifier that is small enough to fit. */
  public static boolean concerns(Network network) {
    return classifier(network).isPresent();
  }

  private static Optional<DenseLinear> classifier(Network network) {
    if (!(network instanceof Encoder encoder)
        || encoder.classes() == 0
        || encoder.choosesTokens()
        || !(encoder.classifier().linear() instanceof DenseLinear dense)) {
      return Optional.empty();
    }
    boolean fresh =
        dense.weight().slices().stream()
            .allMatch(slice -> network.newTensors().contains(slice.name()));
    long entries = (dense.inFeatures() + 1) * dense.outFeatures();
    return fresh && HeadFit.history(entries) > 1 ? Optional.of(dense) : Optional.empty();
  }

  /** Initializes a network's new classifier. The leading worker fits it and shares the values. */
  static void apply(
      Network network,
      ClassificationProblem problem,
      TextRows rows,
      int batchSize,
      int paddingId,
      WorkerGroup workers) {
    Optional<DenseLinear> found = classifier(network);
    if (found.isEmpty()) {
      return;
    }
    DenseLinear dense = found.get();
    int outputs = Math.toIntExact(dense.outFeatures());
    int width = Math.toIntExact(dense.inFeatures());
    HeadFit.Layer layer = null;
    if (workers.leads()) {
      int limit =
          (int)
              Math.min(Math.min(MOST_TARGETS, KEPT_VALUES / (width + 3L * outputs)), targets(rows));
      FrozenFeatures features =
          FrozenFeatures.of(
              (Encoder) network,
              problem,
              batches(rows, limit, batchSize, paddingId),
              limit,
              width,
              outputs);
      layer = HeadFit.fit(features, problem, outputs, width, dense.bias().isPresent());
    }
    HeadFit.Layer shared = shared(layer, outputs, width, workers);
    fill(dense.weight(), shared.weight());
    dense.bias().ifPresent(bias -> fill(bias, shared.bias()));
  }

  private static long targets(TextRows rows) {
    return rows.report().targetTokens();
  }

  /** Returns randomly drawn rows with about {@code limit} targets. */
  static BatchSource<TextBatch> batches(TextRows rows, int limit, int batchSize, int paddingId) {
    int all = rows.lengths().length;
    int most = (int) Math.max(1, Math.min(all, (long) all * limit / targets(rows)));
    int[] chosen = Arrays.stream(Shuffle.permutation(all, DRAW)).limit(most).sorted().toArray();
    TextRows some =
        most == all
            ? rows
            : new TextRows(
                rows.dataset().subset(chosen),
                rows.encoder(),
                IntStream.of(chosen).map(row -> rows.lengths()[row]).toArray(),
                rows.report());
    return TextBatches.byLength(some, batchSize, paddingId);
  }

  private static HeadFit.Layer shared(
      HeadFit.Layer own, int outputs, int width, WorkerGroup workers) {
    if (workers.size() == 1) {
      return own;
    }
    ByteBuffer said = ByteBuffer.allocate(own == null ? 0 : (width + 1) * outputs * Float.BYTES);
    if (own != null) {
      said.asFloatBuffer().put(own.weight()).put(own.bias());
    }
    byte[] led = workers.exchange(said.array()).get(0);
    float[] weight = new float[width * outputs];
    float[] bias = new float[outputs];
    ByteBuffer.wrap(led).asFloatBuffer().get(weight).get(bias);
    return new HeadFit.Layer(weight, bias);
  }

  private static void fill(Parameter parameter, float[] values) {
    try (Tensor fitted = Tensor.of(values, parameter.sizes())) {
      parameter.value().copyFrom(fitted);
    }
  }
}
