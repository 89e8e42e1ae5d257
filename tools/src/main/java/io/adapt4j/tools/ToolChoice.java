package io.adapt4j.tools;

import java.util.Objects;
import java.util.Optional;

/**
 * Whether and which tools a model calls.
 *
 * @param kind kind of choice
 * @param name the tool to call; empty unless the kind is {@link Kind#NAMED}
 */
public record ToolChoice(Kind kind, Optional<String> name) {

  /** Kinds of choices. */
  public enum Kind {
    /** The model chooses between text and calls. */
    AUTO,
    /** No calls; the tools are not described to the model. */
    NONE,
    /** At least one call. */
    REQUIRED,
    /** A call of one tool. */
    NAMED
  }

  /**
   * Checks that a name is present exactly if needed. Throws {@link IllegalArgumentException} if
   * there is a name with another kind, or none with {@link Kind#NAMED}.
   */
  public ToolChoice {
    Objects.requireNonNull(kind, "kind");
    if (name.isPresent() != (kind == Kind.NAMED)) {
      throw new IllegalArgumentException(
          "a tool's name stands with the kind NAMED, found " + kind + " and " + name);
    }
  }

  /** {@return the choice between text and calls} */
  public static ToolChoice auto() {
    return new ToolChoice(Kind.AUTO, Optional.empty());
  }

  /** {@return no calls} */
  public static ToolChoice none() {
    return new ToolChoice(Kind.NONE, Optional.empty());
  }

  /** {@return at least one call} */
  public static ToolChoice required() {
    return new ToolChoice(Kind.REQUIRED, Optional.empty());
  }

  /**
   * Returns a call of one tool.
   *
   * @param tool its name
   * @return the choice
   */
  public static ToolChoice named(String tool) {
    return new ToolChoice(Kind.NAMED, Optional.of(tool));
  }

  /** {@return whether text without a call is not allowed} */
  public boolean forcesCall() {
    return kind == Kind.REQUIRED || kind == Kind.NAMED;
  }
}
