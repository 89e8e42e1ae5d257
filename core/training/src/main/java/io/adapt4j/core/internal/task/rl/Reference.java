package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The reference policy, the model before training: the same network with the adapter off, or a
 * separate one.
 */
record Reference(Policy policy, Optional<Adaptation> adapter) implements AutoCloseable {

  static Optional<Reference> of(
      Decoder decoder,
      Adaptation adaptation,
      double temperature,
      boolean needed,
      Supplier<Decoder> second) {
    if (adaptation.canBeSwitchedOff()) {
      return Optional.of(
          new Reference(
              new Policy(decoder, Optional.empty(), temperature), Optional.of(adaptation)));
    }
    return needed
        ? Optional.of(
            new Reference(
                new Policy(second.get(), Optional.empty(), temperature), Optional.empty()))
        : Optional.empty();
  }

  List<float[]> logProbs(List<Batch> batches) {
    Supplier<List<float[]>> scoring =
        () -> batches.stream().map(batch -> policy.evaluate(batch).logProbs()).toList();
    return adapter.isPresent() ? adapter.get().withoutAdapter(scoring) : scoring.get();
  }

  @Override
  public void close() {
    if (adapter.isEmpty()) {
      policy.decoder().close();
    }
  }
}
