package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.internal.Shuffle;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.nn.DenseLinear;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.LastQueries;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.task.ClassificationProblem;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
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

  /** Fewest targets by which attention is chosen. */
  private static final int LEAST_TO_CHOOSE = 100;

  /** Share of the held-out loss that uniform attention has to get below. */
  private static final double CLEARLY = 0.98;

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

  /**
   * Initializes a network's new classifier. The leading worker fits it and shares the values.
   *
   * @param trained names of the base's tensors that train and are saved, which it may change
   */
  static void apply(
      Network network,
      ClassificationProblem problem,
      TextRows rows,
      int batchSize,
      int paddingId,
      Set<String> trained,
      WorkerGroup workers) {
    Optional<DenseLinear> found = classifier(network);
    if (found.isEmpty()) {
      return;
    }
    DenseLinear dense = found.get();
    int outputs = Math.toIntExact(dense.outFeatures());
    int width = Math.toIntExact(dense.inFeatures());
    Encoder encoder = (Encoder) network;
    Optional<LastQueries> queries =
        encoder.lastQueries().filter(last -> trained.containsAll(last.names()));
    Start start = null;
    if (workers.leads()) {
      int limit =
          (int)
              Math.min(Math.min(MOST_TARGETS, KEPT_VALUES / (width + 3L * outputs)), targets(rows));
      BatchSource<TextBatch> batches = batches(rows, limit, batchSize, paddingId);
      start =
          start(
              () -> FrozenFeatures.of(encoder, problem, batches, limit, width, outputs),
              new HeadFit.Shape(problem, outputs, width, dense.bias().isPresent()),
              queries);
    }
    Start shared = shared(start, outputs, width, workers);
    fill(dense.weight(), shared.layer().weight());
    dense.bias().ifPresent(bias -> fill(bias, shared.layer().bias()));
    if (shared.uniform()) {
      queries.orElseThrow().clear();
    }
  }

  /** Classifier to start from, and whether the last layer's attention is uniform for it. */
  private record Start(HeadFit.Layer layer, boolean uniform) {}

  /**
   * Fits the classifier to the features as they are or, where that predicts targets it was not
   * fitted to clearly better, to those under uniform attention in the last layer: the first token
   * of models that were trained to pool by the mean holds less than the mean does.
   */
  private static Start start(
      Supplier<FrozenFeatures> features, HeadFit.Shape shape, Optional<LastQueries> queries) {
    FrozenFeatures stored = features.get();
    if (queries.isEmpty() || stored.targets() < LEAST_TO_CHOOSE) {
      return new Start(HeadFit.fit(stored, shape), false);
    }
    LastQueries last = queries.get();
    List<Tensor> values = last.copy();
    try {
      last.clear();
      FrozenFeatures uniform = features.get();
      if (HeadFit.heldOutLoss(uniform, shape) < CLEARLY * HeadFit.heldOutLoss(stored, shape)) {
        return new Start(HeadFit.fit(uniform, shape), true);
      }
      last.set(values);
    } finally {
      values.forEach(Tensor::close);
    }
    return new Start(HeadFit.fit(stored, shape), false);
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

  private static Start shared(Start own, int outputs, int width, WorkerGroup workers) {
    if (own != null && workers.size() == 1) {
      return own;
    }
    ByteBuffer told =
        ByteBuffer.allocate(own == null ? 0 : ((width + 1) * outputs + 1) * Float.BYTES);
    if (own != null) {
      told.asFloatBuffer()
          .put(own.layer().weight())
          .put(own.layer().bias())
          .put(own.uniform() ? 1 : 0);
    }
    FloatBuffer led = ByteBuffer.wrap(workers.exchange(told.array()).get(0)).asFloatBuffer();
    float[] weight = new float[width * outputs];
    float[] bias = new float[outputs];
    led.get(weight).get(bias);
    return new Start(new HeadFit.Layer(weight, bias), led.get() != 0);
  }

  private static void fill(Parameter parameter, float[] values) {
    try (Tensor fitted = Tensor.of(values, parameter.sizes())) {
      parameter.value().copyFrom(fitted);
    }
  }
}
