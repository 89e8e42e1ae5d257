package io.adapt4j.core.internal.config;

import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * How rotary position frequencies are stretched beyond the context a model was first trained on:
 * the {@code rope_scaling} of a configuration file. The arithmetic is in {@link RotaryFrequencies}.
 */
public sealed interface RopeScaling {

  /** Frequencies as they are. */
  record Default() implements RopeScaling {}

  /** All frequencies divided by a factor. */
  record Linear(double factor) implements RopeScaling {}

  /**
   * NTK-aware scaling whose base grows with sequences longer than {@code max_position_embeddings}.
   */
  record Dynamic(double factor) implements RopeScaling {}

  /**
   * YaRN: high frequencies kept, low ones divided, a ramp between, and rotated vectors lengthened.
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
   * LongRoPE: each frequency divided by its own factor, from one list within the original context
   * and from another beyond it.
   *
   * @see <a href="https://arxiv.org/abs/2402.13753">LongRoPE (Ding et al. 2024)</a>
   */
  record LongRope(
      List<Double> shortFactors,
      List<Double> longFactors,
      OptionalInt originalMaxPositionEmbeddings,
      OptionalDouble factor,
      OptionalDouble attentionFactor)
      implements RopeScaling {

    /** Copies the lists. */
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
    }
  }

  /** The scaling of Llama 3.1: short wavelengths kept, long ones stretched, a blend between. */
  record Llama3(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
      implements RopeScaling {}

  /**
   * Frequencies as of a head that is rotated in full, of which only the fastest are used; the rest
   * of the head is not rotated.
   */
  record Proportional(double share, double factor) implements RopeScaling {}
}
