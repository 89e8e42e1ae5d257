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

  /**
   * All frequencies divided by a factor.
   *
   * @param factor above 0
   */
  record Linear(double factor) implements RopeScaling {}

  /**
   * NTK-aware scaling whose base grows with sequences longer than {@code max_position_embeddings}.
   *
   * @param factor above 0
   */
  record Dynamic(double factor) implements RopeScaling {}

  /**
   * YaRN: high frequencies kept, low ones divided, a ramp between, and rotated vectors lengthened.
   *
   * @param factor how far the context is stretched; {@code max_position_embeddings} divided by
   *     {@code originalMaxPositionEmbeddings} if empty
   * @param originalMaxPositionEmbeddings context length before stretching; {@code
   *     max_position_embeddings} if empty
   * @param attentionFactor what cosines and sines are multiplied by; computed if empty
   * @param betaFast rotations over the original context above which a frequency is kept; default 32
   * @param betaSlow rotations below which it is divided in full; default 1
   * @param mscale weight in the numerator of the computed attention factor; counts only together
   *     with {@code mscaleAllDim}
   * @param mscaleAllDim weight in its denominator
   * @param truncate whether the ends of the ramp are rounded outwards to whole dimensions; default
   *     true
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
   * @param shortFactors divisors within the original context, one a frequency
   * @param longFactors divisors beyond it
   * @param originalMaxPositionEmbeddings context length before stretching; {@code
   *     max_position_embeddings} if empty
   * @param factor how far the context is stretched, where the original length is not given
   * @param attentionFactor what cosines and sines are multiplied by; computed if empty
   * @see <a href="https://arxiv.org/abs/2402.13753">LongRoPE (Ding et al. 2024)</a>
   */
  record LongRope(
      List<Double> shortFactors,
      List<Double> longFactors,
      OptionalInt originalMaxPositionEmbeddings,
      OptionalDouble factor,
      OptionalDouble attentionFactor)
      implements RopeScaling {

    /**
     * Copies the lists.
     *
     * @param shortFactors divisors within the original context
     * @param longFactors divisors beyond it
     * @param originalMaxPositionEmbeddings context length before stretching
     * @param factor how far the context is stretched
     * @param attentionFactor what cosines and sines are multiplied by
     */
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
    }
  }

  /**
   * The scaling of Llama 3.1: short wavelengths kept, long ones stretched, a blend between.
   *
   * @param factor above 0
   * @param lowFreqFactor wavelengths longer than the original context divided by this are stretched
   *     in full
   * @param highFreqFactor wavelengths shorter than the original context divided by this are kept;
   *     above {@code lowFreqFactor}
   * @param originalMaxPositionEmbeddings context length before stretching
   */
  record Llama3(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings)
      implements RopeScaling {}

  /**
   * Frequencies as of a head that is rotated in full, of which only the fastest are used; the rest
   * of the head is not rotated.
   *
   * @param share of the frequencies that are used, in (0, 1]
   * @param factor divides them, above 0
   */
  record Proportional(double share, double factor) implements RopeScaling {}
}
