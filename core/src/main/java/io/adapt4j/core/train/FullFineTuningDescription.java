package io.adapt4j.core.train;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.describe.Fields;
import java.util.Optional;

/** Full fine-tuning is {@code full} and has no options. */
public final class FullFineTuningDescription implements MethodDescription {

  /** Made by {@link java.util.ServiceLoader}. */
  public FullFineTuningDescription() {}

  @Override
  public String name() {
    return "full";
  }

  @Override
  public Optional<FineTuningMethod> read(Fields options) {
    return Optional.of(FullFineTuning.create());
  }

  @Override
  public Optional<ObjectNode> write(FineTuningMethod method) {
    return method instanceof FullFineTuning
        ? Optional.of(JsonNodeFactory.instance.objectNode())
        : Optional.empty();
  }
}
