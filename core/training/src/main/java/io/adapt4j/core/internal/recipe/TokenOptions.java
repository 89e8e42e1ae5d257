package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.data.ExampleEncoder;
import java.util.Optional;

/** Options of encoding and batching. */
public record TokenOptions(Batching batching, LossOn lossOn, Optional<Integer> overlap) {

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
}
