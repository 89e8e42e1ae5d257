package io.adapt4j.tools;

import java.util.Objects;
import java.util.Optional;

/**
 * Whether a model is to call a tool.
 *
 * @param kind what it is to do
 * @param name the tool to call; empty unless the kind is {@link Kind#NAMED}
 */
public record ToolChoice(Kind kind, Optional<String> name) {

  /** What a model is to do. */
  public enum Kind {
    /** The model chooses between text and calls. */
    AUTO,
    /** No calls; the model is not told of the tools. */
    NONE,
    /** At least one call. */
    REQUIRED,
    /** A call of one tool. */
    NAMED
  }

  /**
   * Checks that a name stands where it should.
   *
   * @param kind what the model is to do
   * @param name the tool to call
   * @throws IllegalArgumentException if there is a name with another kind, or none with {@link
   *     Kind#NAMED}
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

  /** {@return whether text alone is no answer} */
  public boolean forcesCall() {
    return kind == Kind.REQUIRED || kind == Kind.NAMED;
  }
}
