package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.internal.Shuffle;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.head.LastQueries;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.train.WorkerGroup;
import io.adapt4j.core.task.ClassificationProblem;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

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

  /** Initializes a network's new classifier. The leading worker fits it and shares the values. */
  static Runnable apply(
      Network network,
      ClassificationProblem problem,
      RowBatches<TextBatch> rows,
      int batchSize,
      MethodMechanics method,
      WorkerGroup workers) {
    Optional<DenseLinear> found = classifier(network);
    if (found.isEmpty()) {
      return () -> {};
    }
    DenseLinear dense = found.get();
    int outputs = Math.toIntExact(dense.outFeatures());
    int width = Math.toIntExact(dense.inFeatures());
    Encoder encoder = (Encoder) network;
    Optional<LastQueries> queries =
        encoder.lastQueries().filter(last -> canChange(last, network, method));
    Start start = null;
    if (workers.leads()) {
      int limit =
          (int)
              Math.min(Math.min(MOST_TARGETS, KEPT_VALUES / (width + 3L * outputs)), targets(rows));
      BatchSource<TextBatch> batches = batches(rows, limit, batchSize);
      start =
          start(
              () -> FrozenFeatures.of(encoder, problem, batches, limit, width, outputs),
              new HeadFit.Shape(problem, outputs, width, dense.bias().isPresent()),
              queries);
    }
    Start shared = shared(start, outputs, width, workers);
    fill(dense.weight(), shared.layer().weight());
    dense.bias().ifPresent(bias -> fill(bias, shared.layer().bias()));
    if (shared.inputs().length == 0) {
      return () -> {};
    }
    LastQueries last = queries.orElseThrow();
    if (method.trainsBase()) {
      last.clear();
      return () -> {};
    }
    return () -> last.cancel(shared.inputs());
  }

  /** Returns whether what a method saves can hold changed queries. */
  private static boolean canChange(LastQueries last, Network network, MethodMechanics method) {
    return method.trainsBase()
        ? method.trainableSummary(network).trained().containsAll(last.names())
        : method.canCancel(network, last.path());
  }

  /**
   * Classifier to start from.
   *
   * @param inputs inputs of the last layer's queries for first tokens, row-major, if attention is
   *     uniform for this classifier; else empty
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Start(HeadFit.Layer layer, float[] inputs) {}

  /**
   * Fits the classifier to the features as they are or, where that predicts targets it was not
   * fitted to clearly better, to those under uniform attention in the last layer: the first token
   * of models that were trained to pool by the mean holds less than the mean does. Leaves the
   * queries as they were.
   */
  private static Start start(
      Supplier<FrozenFeatures> features, HeadFit.Shape shape, Optional<LastQueries> queries) {
    FrozenFeatures stored = features.get();
    if (queries.isEmpty() || stored.targets() < LEAST_TO_CHOOSE) {
      return new Start(HeadFit.fit(stored, shape), new float[0]);
    }
    LastQueries last = queries.get();
    List<Tensor> values = last.copy();
    try {
      last.clear();
      FrozenFeatures[] uniform = new FrozenFeatures[1];
      float[] inputs = last.inputs(() -> uniform[0] = features.get());
      if (HeadFit.heldOutLoss(uniform[0], shape) < CLEARLY * HeadFit.heldOutLoss(stored, shape)) {
        return new Start(HeadFit.fit(uniform[0], shape), inputs);
      }
    } finally {
      last.set(values);
      values.forEach(Tensor::close);
    }
    return new Start(HeadFit.fit(stored, shape), new float[0]);
  }

  private static long targets(RowBatches<TextBatch> rows) {
    return rows.report().targetTokens();
  }

  /** Returns randomly drawn rows with about {@code limit} targets. */
  static BatchSource<TextBatch> batches(RowBatches<TextBatch> rows, int limit, int batchSize) {
    int all = rows.size();
    int most = (int) Math.max(1, Math.min(all, (long) all * limit / targets(rows)));
    int[] chosen = Arrays.stream(Shuffle.permutation(all, DRAW)).limit(most).sorted().toArray();
    return (most == all ? rows : rows.subset(chosen)).longestFirst(batchSize);
  }

  private static Start shared(Start own, int outputs, int width, WorkerGroup workers) {
    if (workers.size() == 1) {
      return own;
    }
    ByteBuffer told =
        ByteBuffer.allocate(
            own == null ? 0 : ((width + 1) * outputs + own.inputs().length) * Float.BYTES);
    if (own != null) {
      told.asFloatBuffer().put(own.layer().weight()).put(own.layer().bias()).put(own.inputs());
    }
    FloatBuffer led = ByteBuffer.wrap(workers.exchange(told.array()).get(0)).asFloatBuffer();
    float[] weight = new float[width * outputs];
    float[] bias = new float[outputs];
    led.get(weight).get(bias);
    float[] inputs = new float[led.remaining()];
    led.get(inputs);
    return new Start(new HeadFit.Layer(weight, bias), inputs);
  }

  private static void fill(Parameter parameter, float[] values) {
    try (Tensor fitted = Tensor.of(values, parameter.sizes())) {
      parameter.value().copyFrom(fitted);
    }
  }
}
