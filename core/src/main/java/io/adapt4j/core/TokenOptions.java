package io.adapt4j.core;

import io.adapt4j.core.data.Batching;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.data.ExampleEncoder;
import java.util.Optional;

/**
 * How rows become tokens, and tokens batches.
 *
 * @param batching which samples come together
 * @param lossOn which tokens are trained on
 * @param overlap tokens that a part of a split row has of the part before it; empty for the default
 */
record TokenOptions(Batching batching, LossOn lossOn, Optional<Integer> overlap) {

  ExampleEncoder.Builder applyTo(ExampleEncoder.Builder encoder) {
    overlap.ifPresent(encoder::overlap);
    return encoder.lossOn(lossOn);
  }

  /** How to evaluate: the order of samples is of no consequence, so they need little filling. */
  Batching evaluation() {
    return batching == Batching.PACKED ? Batching.PACKED : Batching.BY_LENGTH;
  }

  /** The options as an application gives them, checked together with the rest. */
  static final class Builder {

    private boolean packing;
    private boolean groupByLength;
    private LossOn lossOn = LossOn.COMPLETION;
    private Integer overlap;

    void packing(boolean on) {
      packing = on;
    }

    void groupByLength() {
      groupByLength = true;
    }

    void lossOn(LossOn tokens) {
      lossOn = tokens;
    }

    void overlap(int tokens) {
      overlap = tokens;
    }

    /**
     * Checks the options.
     *
     * @param maxLength most tokens of a sample; null where the model decides
     */
    void check(FineTuneChecks checks, Overflow overflow, Integer maxLength) {
      checks.notNull("lossOn", lossOn);
      checks.require(
          !packing || !groupByLength,
          "packing and groupByLength are both set; packed rows are full already, give one of them");
      if (overlap != null) {
        checks.atLeast("overlap", overlap, 1);
        checks.require(
            overflow == Overflow.SPLIT, "overlap is for rows that are split: say overflow(SPLIT)");
        checks.require(
            maxLength == null || overlap <= maxLength - 2,
            "overlap must be at most maxLength - 2, found " + overlap + " for " + maxLength);
      }
    }

    /** Whether anything is set that has no meaning for texts with labels. */
    boolean concernsGeneration() {
      return packing || groupByLength || overlap != null || lossOn != LossOn.COMPLETION;
    }

    TokenOptions build() {
      Batching batching = groupByLength ? Batching.BY_LENGTH : Batching.PADDED;
      return new TokenOptions(
          packing ? Batching.PACKED : batching, lossOn, Optional.ofNullable(overlap));
    }
  }
}
