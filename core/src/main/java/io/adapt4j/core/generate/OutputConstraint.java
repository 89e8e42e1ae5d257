package io.adapt4j.core.generate;

import io.adapt4j.core.tokenize.TokenBytes;
import java.util.Optional;

/**
 * What texts an answer may be, such as JSON of a schema. At each step the tokens that cannot lead
 * to such a text are not chosen. Immutable and thread-safe: many answers can use one at the same
 * time, each with a {@link ConstraintState} of its own.
 *
 * <p>The module {@code adapt4j-structured} has constraints for JSON Schema, regular expressions,
 * choices and grammars.
 */
public interface OutputConstraint {

  /**
   * Starts an answer.
   *
   * @param vocabulary the bytes of the model's tokens; the same object for all answers of a model
   * @param atBeginning whether the answer begins a text, so that its first token has the bytes of
   *     {@link TokenBytes#atBeginning()}
   * @return the state of the answer
   */
  ConstraintState begin(TokenBytes vocabulary, boolean atBeginning);

  /**
   * Returns a description that no constraint on other texts has, so that answers can be kept for
   * later.
   *
   * @return the description, or empty where answers under this constraint are not to be kept
   */
  default Optional<String> identity() {
    return Optional.empty();
  }
}
