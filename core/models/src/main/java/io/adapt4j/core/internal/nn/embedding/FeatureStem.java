package io.adapt4j.core.internal.nn.embedding;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/**
 * Two convolutions over the frames of a spectrogram, of which the second halves their number
 * (Radford et al. 2022, section 2.2). Shapes of weights: [hidden, mels, 3], [hidden, hidden, 3].
 */
public record FeatureStem(
    Parameter first, Parameter firstBias, Parameter second, Parameter secondBias)
    implements TokenEmbedding {

  /** Declares the convolutions. */
  public static FeatureStem declare(String path, int mels, int hidden) {
    return new FeatureStem(
        Parameter.of(path + ".conv1.weight", hidden, mels, 3),
        Parameter.of(path + ".conv1.bias", hidden),
        Parameter.of(path + ".conv2.weight", hidden, hidden, 3),
        Parameter.of(path + ".conv2.bias", hidden));
  }

  /**
   * Turns frames into the encoder's first states.
   *
   * @param features [B, frames, mels]
   * @return [B, frames / 2, hidden]
   */
  @Override
  public Tensor forward(Ops ops, Tensor features, Positions positions) {
    Tensor wide =
        ops.activationOf(RelativeOps.convolve(ops, features, first, firstBias, 1), Activation.GELU);
    return ops.activationOf(
        RelativeOps.convolve(ops, wide, second, secondBias, 2), Activation.GELU);
  }

  @Override
  public boolean readsFeatures() {
    return true;
  }

  public List<Parameter> parameters() {
    return List.of(first, firstBias, second, secondBias);
  }
}
