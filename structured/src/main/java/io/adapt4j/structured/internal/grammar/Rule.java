package io.adapt4j.structured.internal.grammar;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A named text that may contain itself. */
public final class Rule {

  private final String name;
  private @Nullable Node body;

  /**
   * Names a rule, whose body follows.
   *
   * @param name said where the rule cannot be used
   */
  public Rule(String name) {
    this.name = name;
  }

  /** {@return the name} */
  public String name() {
    return name;
  }

  /**
   * Says what the rule stands for.
   *
   * @param text its texts
   */
  public void define(Node text) {
    body = text;
  }

  /** {@return what the rule stands for} */
  public Node body() {
    return Objects.requireNonNull(body, () -> "rule without a body: " + name);
  }

  /** {@return a use of the rule} */
  public Node reference() {
    return new Node.Reference(this);
  }

  @Override
  public String toString() {
    return name;
  }
}
