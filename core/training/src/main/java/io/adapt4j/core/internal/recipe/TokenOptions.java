package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.data.ExampleEncoder;
import java.util.List;
import java.util.Optional;

/** Options of encoding and batching. */
public record TokenOptions(
    Batching batching, LossOn lossOn, Optional<Integer> overlap, List<MaskedRow> maskedRows) {

  ExampleEncoder.Builder applyTo(ExampleEncoder.Builder encoder) {
    overlap.ifPresent(encoder::overlap);
    return encoder.lossOn(lossOn);
  }

  /**
   * Returns the batching for evaluation, where the order of samples does not matter, so padding is
   * minimized.
   */
  public Batching evaluation() {
    return batching == Batching.PACKED ? Batching.PACKED : Batching.BY_LENGTH;
  }

  /**
   * Returns the options as a run's identity has them; masked rows are part of its samples there.
   */
  @Override
  public String toString() {
    return "TokenOptions[batching=%s, lossOn=%s, overlap=%s]".formatted(batching, lossOn, overlap);
  }
}
