package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A model of pictures and texts whose vectors are near if they belong together. Not thread safe.
 */
public abstract class ContrastiveModel implements AutoCloseable {

  private static final String SCALE = "logit_scale";
  private static final String BIAS = "logit_bias";

  final TowerWeights weights = new TowerWeights("");
  private double scale;
  private double bias;

  ContrastiveModel() {
    weights.ignore("logit_scale|logit_bias");
  }

  /** Checks a checkpoint and reads it. */
  public final void load(Checkpoint checkpoint, DType type) {
    // The scale is the exponential of what is stored.
    scale = Math.exp(scalar(checkpoint, SCALE));
    bias = comparesPairs() ? scalar(checkpoint, BIAS) : 0;
    weights.load(checkpoint, type);
  }

  private static double scalar(Checkpoint checkpoint, String name) {
    if (!checkpoint.names().contains(name) || checkpoint.entry(name).elements() != 1) {
      Path folder = checkpoint.folder();
      throw new CheckpointException(
          folder
              + ": expected a tensor "
              + name
              + " of one value, found "
              + (checkpoint.names().contains(name) ? checkpoint.entry(name).shape() : "none")
              + ". Download the model's weights again.");
    }
    try (Tensor value = Tensor.emptyOnHost(DType.F32, 1)) {
      Weights.fill(value, checkpoint, name);
      return value.item();
    }
  }

  /** {@return the vectors of pictures, not normalized [pictures, width]} */
  public abstract Tensor pictures(Ops ops, PixelBatch pixels);

  /**
   * Computes the vectors of texts.
   *
   * @param ids token ids of each text, special ones included, at most {@link #maxTokens}
   * @return not normalized [texts, width]
   */
  public abstract Tensor texts(Ops ops, List<int[]> ids, int paddingId);

  /**
   * Computes the hidden states of pictures as Transformers returns them.
   *
   * @return [pictures, T, hidden]; empty where pictures differ in their patches
   */
  public abstract Optional<Tensor> pictureStates(Ops ops, PixelBatch pixels);

  /** Computes the hidden states of texts, given as to {@link #texts} [texts, T, hidden]. */
  public abstract Tensor textStates(Ops ops, List<int[]> ids, int paddingId);

  /** {@return the maximum number of tokens of a text} */
  public abstract int maxTokens();

  /** {@return the width of the vectors} */
  public abstract int dimension();

  /**
   * Returns whether a picture and a text are compared alone (a sigmoid) rather than with all texts
   * together (a softmax).
   */
  abstract boolean comparesPairs();

  /** Returns the logits of a picture's normalized vector with those of texts. */
  public final double[] logits(float[] picture, List<float[]> texts) {
    return texts.stream().mapToDouble(text -> scale * product(picture, text) + bias).toArray();
  }

  private static double product(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (double) one[i] * other[i];
    }
    return sum;
  }

  /** Returns the probabilities that belong to {@link #logits}. */
  public final float[] probabilities(double[] logits) {
    double highest = 0;
    double sum = 0;
    if (!comparesPairs()) {
      highest = Arrays.stream(logits).max().orElse(0);
      for (double logit : logits) {
        sum += Math.exp(logit - highest);
      }
    }
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      double power = Math.exp(logits[i] - highest);
      probabilities[i] = (float) (comparesPairs() ? 1 / (1 + Math.exp(-logits[i])) : power / sum);
    }
    return probabilities;
  }

  /** Returns the parameters and linear layers. */
  public final TowerWeights weights() {
    return weights;
  }

  @Override
  public final void close() {
    weights.close();
  }
}
