package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;
import java.util.Arrays;
import java.util.List;

/** A vision transformer with a linear classifier. Not thread safe. */
public final class PictureClassifier implements AutoCloseable {

  private final TowerWeights weights;
  private final VisionTransformer network;
  private final LinearSlot classifier;
  private final boolean readsMean;

  /**
   * Declares a classifier of the class token or of that and the mean of the patches.
   *
   * @param readsMean whether the mean follows the class token
   */
  PictureClassifier(
      TowerWeights weights, ModelConfig config, VisionTransformer network, boolean readsMean) {
    this.weights = weights;
    this.network = network;
    this.readsMean = readsMean;
    int width = network.sizes().hidden() * (readsMean ? 2 : 1);
    this.classifier =
        weights.add(LinearSlot.of("classifier", width, true, EncoderTask.classes(config)));
  }

  /** Checks a checkpoint and reads it. */
  public void load(Checkpoint checkpoint, DType type) {
    weights.load(checkpoint, type);
  }

  /** {@return the number of classes} */
  public int classes() {
    return Math.toIntExact(classifier.linear().outFeatures());
  }

  /** Computes the logits of classes [pictures, classes]. */
  public Tensor logits(Ops ops, PixelBatch pixels) {
    try (Scope scope = Scope.open()) {
      Tensor states = network.forward(ops, pixels);
      int rows = (int) states.size(0);
      int length = (int) states.size(1);
      Tensor read = ops.pool(states, weights(rows, length, 0, 1));
      if (readsMean) {
        read = ops.joinColumns(List.of(read, ops.pool(states, weights(rows, length, 1, length))));
      }
      return scope.keep(classifier.forward(ops, read));
    }
  }

  /** Returns weights of the mean over some positions. */
  private static Tensor weights(int rows, int length, int from, int to) {
    float[] weights = new float[rows * length];
    for (int row = 0; row < rows; row++) {
      Arrays.fill(weights, row * length + from, row * length + to, 1f / (to - from));
    }
    return Tensor.of(weights, rows, length);
  }

  /** Returns the parameters and linear layers. */
  public TowerWeights weights() {
    return weights;
  }

  @Override
  public void close() {
    weights.close();
  }
}
