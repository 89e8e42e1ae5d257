package io.adapt4j.core.generate;

import io.adapt4j.core.tokenize.TokenBytes;
import java.util.Optional;

/**
 * A constraint on the texts an answer may be, such as JSON of a schema. At each step, tokens that
 * cannot lead to an allowed text are masked. Immutable and thread-safe: many answers can use one at
 * the same time, each with its own {@link ConstraintState}.
 *
 * <p>The module {@code adapt4j-structured} has constraints for JSON Schema, regular expressions,
 * choices and grammars.
 */
public interface OutputConstraint {

  /**
   * Starts an answer.
   *
   * @param vocabulary the bytes of the model's tokens; the same object for all answers of a model
   * @param atBeginning whether the answer starts a text, so that its first token has the bytes of
   *     {@link TokenBytes#atBeginning()}
   * @return the state of the answer
   */
  ConstraintState begin(TokenBytes vocabulary, boolean atBeginning);

  /**
   * Returns a description that identifies this constraint, so that answers can be cached.
   *
   * @return the description, or empty if answers under this constraint must not be cached
   */
  default Optional<String> identity() {
    return Optional.empty();
  }
}
