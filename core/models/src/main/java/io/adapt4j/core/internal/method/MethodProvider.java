package io.adapt4j.core.internal.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.method.FineTuningMethod;
import java.util.Optional;

/**
 * Service provider of a kind of {@link FineTuningMethod}: reads it from a description, writes it to
 * one, and implements it. Found by {@link java.util.ServiceLoader}.
 */
public interface MethodProvider {

  String name();

  /** Reads a method. */
  Optional<FineTuningMethod> read(Fields options);

  Optional<ObjectNode> write(FineTuningMethod method);

  Optional<MethodMechanics> mechanics(FineTuningMethod method);
}
