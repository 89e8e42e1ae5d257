package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.loss.TextLoss;
import io.adapt4j.core.internal.nn.loss.TextTargets;
import io.adapt4j.core.task.ClassificationProblem;
import java.util.Arrays;
import java.util.Iterator;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Classifier inputs of labeled rows, computed by the untrained model, with their targets.
 *
 * @param features row-major [targets, width]
 * @param values multi-hot labels or regression targets, row-major [targets, outputs]; empty if
 *     {@code labels} are given
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record FrozenFeatures(
    float[] features, long[] labels, float[] values, float[] weights, int targets) {

  /** Computes the features of at most {@code limit} targets. */
  static FrozenFeatures of(
      Encoder encoder,
      ClassificationProblem problem,
      BatchSource<TextBatch> batches,
      int limit,
      int width,
      int outputs) {
    boolean hasLabels =
        problem == ClassificationProblem.SINGLE_LABEL || problem == ClassificationProblem.TOKEN;
    float[] features = new float[limit * width];
    long[] labels = new long[hasLabels ? limit : 0];
    float[] values = new float[hasLabels ? 0 : limit * outputs];
    float[] weights = new float[limit];
    int targets = 0;
    Iterator<TextBatch> epoch = batches.epoch(0);
    while (epoch.hasNext() && targets < limit) {
      TextBatch batch = epoch.next();
      TextTargets wanted = ClassificationTrainingTask.targets(problem, batch);
      float[] read = TextLoss.features(encoder, batch.texts(), wanted);
      int perRow = batch.ofTokens() ? batch.length() : 1;
      int inBatch = 0;
      for (int i = 0; i < batch.rows() * perRow && targets < limit; i++) {
        if (hasLabels && batch.labels()[i] == TrainingSample.IGNORED) {
          continue;
        }
        System.arraycopy(read, inBatch * width, features, targets * width, width);
        if (hasLabels) {
          labels[targets] = batch.labels()[i];
        } else {
          System.arraycopy(batch.values(), i * outputs, values, targets * outputs, outputs);
        }
        weights[targets++] = batch.weights()[i / perRow];
        inBatch++;
      }
    }
    return new FrozenFeatures(
        first(features, targets * width),
        Arrays.copyOf(labels, hasLabels ? targets : 0),
        first(values, hasLabels ? 0 : targets * outputs),
        first(weights, targets),
        targets);
  }

  private static float[] first(float[] values, int count) {
    return values.length == count ? values : Arrays.copyOf(values, count);
  }

  /** Returns a copy of the targets at some places. */
  FrozenFeatures part(IntPredicate places) {
    int[] chosen = IntStream.range(0, targets).filter(places).toArray();
    int width = features.length / Math.max(1, targets);
    int outputs = values.length / Math.max(1, targets);
    float[] some = new float[chosen.length * width];
    float[] someValues = new float[chosen.length * outputs];
    float[] someWeights = new float[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      System.arraycopy(features, chosen[i] * width, some, i * width, width);
      System.arraycopy(values, chosen[i] * outputs, someValues, i * outputs, outputs);
      someWeights[i] = weights[chosen[i]];
    }
    return new FrozenFeatures(
        some,
        labels.length == 0
            ? labels
            : IntStream.of(chosen).mapToLong(place -> labels[place]).toArray(),
        someValues,
        someWeights,
        chosen.length);
  }

  /** Returns the targets of the loss; regression targets are not standardized. */
  TextTargets wanted(ClassificationProblem problem) {
    return switch (problem) {
      case SINGLE_LABEL, TOKEN -> new TextTargets.OneClass(labels, weights);
      case MULTI_LABEL -> new TextTargets.ManyClasses(values, weights);
      case REGRESSION -> new TextTargets.Numbers(values, weights);
    };
  }

  double weight() {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }
}
