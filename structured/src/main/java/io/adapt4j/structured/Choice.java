package io.adapt4j.structured;

import io.adapt4j.structured.internal.grammar.Node;
import java.util.List;

/** Constrains answers to one of several texts. */
public final class Choice {

  private Choice() {}

  /**
   * Creates the constraint.
   *
   * @param texts the texts, at least one
   * @return the constraint
   * @throws IllegalArgumentException if there is none
   */
  public static TextConstraint of(List<String> texts) {
    if (texts.isEmpty()) {
      throw new IllegalArgumentException("texts: expected at least one, found none");
    }
    String description = "choice " + texts.stream().map(TextConstraint::quoted).toList();
    return TextConstraint.of(
        description, () -> Node.alternatives(texts.stream().map(Node::literal).toList()));
  }
}
