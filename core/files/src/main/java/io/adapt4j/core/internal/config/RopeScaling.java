package io.adapt4j.core.internal.config;

import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Scaling of rotary position frequencies beyond the original context length: the {@code
 * rope_scaling} of a configuration file. {@link RotaryFrequencies} implements the arithmetic.
 */
public sealed interface RopeScaling {

  /** No scaling. */
  record Default() implements RopeScaling {}

  /** Divides all frequencies by a factor. */
  record Linear(double factor) implements RopeScaling {}

  /**
   * NTK-aware scaling: the base grows with sequences longer than {@code max_position_embeddings}.
   */
  record Dynamic(double factor) implements RopeScaling {}

  /**
   * YaRN: keeps high frequencies, divides low ones, interpolates in between, and scales the rotated
   * vectors.
   *
   * @see <a href="https://arxiv.org/abs/2309.00071">YaRN (Peng et al. 2023)</a>
   */
  record Yarn(
      OptionalDouble factor,
      OptionalInt originalMaxPositionEmbeddings,
      OptionalDouble attentionFactor,
      double betaFast,
      double betaSlow,
      OptionalDouble mscale,
      OptionalDouble mscaleAllDim,
      boolean truncate)
      implements RopeScaling {}

  /**
   * LongRoPE: divides each frequency by its own factor, from one list within the original context
   * and from another beyond it.
   *
   * @param longAttentionFactor factor of cosines and sines beyond the original context, if it is
   *     not the same
   * @see <a href="https://arxiv.org/abs/2402.13753">LongRoPE (Ding et al. 2024)</a>
   */
  record LongRope(
      List<Double> shortFactors,
      List<Double> longFactors,
      OptionalInt originalMaxPositionEmbeddings,
      OptionalDouble factor,
      OptionalDouble attentionFactor,
      OptionalDouble longAttentionFactor)
      implements RopeScaling {

    /** Returns this scaling with factors of cosines and sines within the context and beyond it. */
    public LongRope withAttentionFactors(double within, double beyond) {
      return new LongRope(
          shortFactors,
          longFactors,
          originalMaxPositionEmbeddings,
          factor,
          OptionalDouble.of(within),
          OptionalDouble.of(beyond));
    }

    /** Copies the lists. */
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
    }
  }

  /** Llama 3.1 scaling: keeps short wavelengths, stretches long ones and blends in between. */
  record Llama3(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
      implements RopeScaling {}

  /**
   * Partial rotation with the frequencies of a fully rotated head, of which only the fastest are
   * used; the rest of the head is not rotated.
   */
  record Proportional(double share, double factor) implements RopeScaling {}
}
