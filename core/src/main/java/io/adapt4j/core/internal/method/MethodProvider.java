package io.adapt4j.core.internal.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.method.FineTuningMethod;
import java.util.Optional;

/**
 * A kind of {@link FineTuningMethod}: how it is read from a description and written to one, and
 * what it does. Modules bring theirs; they are found by {@link java.util.ServiceLoader}.
 */
public interface MethodProvider {

  /** Returns what a description calls the method. */
  String name();

  /**
   * Reads a method.
   *
   * @param options its options; what is wrong with them goes to their problems. The caller refuses
   *     those that were not asked for
   */
  Optional<FineTuningMethod> read(Fields options);

  /** Writes a method. */
  Optional<ObjectNode> write(FineTuningMethod method);

  /** Returns what a method does. */
  Optional<MethodMechanics> mechanics(FineTuningMethod method);
}
