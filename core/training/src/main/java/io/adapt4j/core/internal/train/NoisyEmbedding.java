package io.adapt4j.core.internal.train;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.embedding.TokenEmbedding;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;

/**
 * Token embedding with uniform noise in +-alpha / sqrt(L d) on a row of L tokens, while operators
 * are recorded (NEFTune, Jain et al. 2023).
 */
record NoisyEmbedding(TokenEmbedding plain, double alpha) implements TokenEmbedding {

  /** Random stream of the noise; those of dropout count from 0. */
  private static final long PLACE = -1;

  /** Adds noise to the embedding of a network without noise. */
  static void put(Network network, double alpha) {
    network.embeddingSlot().replace(plain -> new NoisyEmbedding(plain, alpha));
  }

  /** Removes the noise, if there is any. */
  static void remove(Network network) {
    network
        .embeddingSlot()
        .replace(present -> present instanceof NoisyEmbedding noisy ? noisy.plain() : present);
  }

  @Override
  public Tensor forward(Ops ops, Tensor ids, Positions positions) {
    Tensor x = plain.forward(ops, ids, positions);
    if (!ops.isRecording()) {
      return x;
    }
    float[] magnitudes = magnitudes(positions.rowTokens(), x.size(2));
    return ops.noise(x, Tensor.of(magnitudes, magnitudes.length), PLACE);
  }

  private float[] magnitudes(long[] tokens, long width) {
    float[] magnitudes = new float[tokens.length];
    for (int row = 0; row < tokens.length; row++) {
      double values = (double) Math.max(1, tokens[row]) * width;
      magnitudes[row] = (float) (alpha / Math.sqrt(values));
    }
    return magnitudes;
  }
}
