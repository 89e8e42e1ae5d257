package io.adapt4j.lora.internal.peft;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import java.util.Optional;

/** PEFT's {@code task_type} of models and adapters. */
public final class ModelTask {

  private ModelTask() {}

  /** Returns PEFT's task type of a model; empty if it has none. */
  public static Optional<String> type(Network network) {
    if (network instanceof Encoder encoder) {
      if (encoder.predictsTokens()) {
        return Optional.empty();
      }
      if (encoder.choosesTokens()) {
        return Optional.of("CAUSAL_LM");
      }
      if (encoder.classes() == 0) {
        return Optional.of("FEATURE_EXTRACTION");
      }
      return Optional.of(encoder.classifiesTokens() ? "TOKEN_CLS" : "SEQ_CLS");
    }
    if (network instanceof EncoderDecoder both) {
      // PEFT's class for the task passes token ids only.
      return both.readsFeatures() ? Optional.empty() : Optional.of("SEQ_2_SEQ_LM");
    }
    return Optional.of("CAUSAL_LM");
  }

  /** Returns the problem if an adapter was trained for another kind of model. */
  public static Optional<String> otherTask(ObjectNode source, Optional<String> task) {
    String stated = source.path("task_type").asText("");
    return stated.isEmpty() || stated.equals(task.orElse(stated))
        ? Optional.empty()
        : Optional.of(
            ("The adapter was trained for %s, and this model is for %s; put it on its own"
                    + " model kind.")
                .formatted(stated, task.get()));
  }
}
