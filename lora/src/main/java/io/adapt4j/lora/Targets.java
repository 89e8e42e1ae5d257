package io.adapt4j.lora;

import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Which projections of the decoder layers are adapted. */
public sealed interface Targets {

  /**
   * Every linear projection of the layers that all versions of PEFT take for one: not the output
   * head, not the embedding, no experts that lie in one tensor, no routers of mixtures of experts,
   * and in Falcon-H1 not the output of the state space.
   */
  Targets ALL_LINEAR = new AllLinear();

  /**
   * Projections by name. As in PEFT, a name stands for every module whose path it is or whose path
   * ends with a dot and the name, so {@code q_proj} is one projection in every layer.
   *
   * @param names module names or path ends, at least one
   * @return the targets
   * @throws IllegalArgumentException if there is no name or a blank one
   */
  static Targets names(String... names) {
    return new Names(List.of(names));
  }

  /**
   * Projections whose whole module path matches a regular expression.
   *
   * @param expression in Java's syntax, which for such paths is Python's
   * @return the targets
   * @throws IllegalArgumentException if the expression is malformed
   */
  static Targets regex(String expression) {
    return new Regex(expression);
  }

  /**
   * Whether a module is meant.
   *
   * @param path its path, such as {@code model.layers.0.self_attn.q_proj}
   * @return whether it is
   */
  boolean matches(String path);

  /** See {@link Targets#ALL_LINEAR}. */
  record AllLinear() implements Targets {
    @Override
    public boolean matches(String path) {
      return true;
    }

    @Override
    public String toString() {
      return "all-linear";
    }
  }

  /**
   * See {@link Targets#names}.
   *
   * @param names module names or path ends
   */
  record Names(List<String> names) implements Targets {

    /**
     * Checks and copies the names.
     *
     * @param names module names or path ends
     */
    public Names {
      names = List.copyOf(names);
      if (names.isEmpty() || names.stream().anyMatch(String::isBlank)) {
        throw new IllegalArgumentException(
            "targets: expected one or more module names, found " + names);
      }
    }

    @Override
    public boolean matches(String path) {
      return names.stream().anyMatch(name -> names(path, name));
    }

    static boolean names(String path, String name) {
      return path.equals(name) || path.endsWith("." + name);
    }

    @Override
    public String toString() {
      return names.toString();
    }
  }

  /**
   * See {@link Targets#regex}.
   *
   * @param expression matches whole paths
   */
  record Regex(String expression) implements Targets {

    /**
     * Checks the expression.
     *
     * @param expression matches whole paths
     */
    public Regex {
      try {
        Pattern.compile(expression);
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            "targets: expected a regular expression, found '" + expression + "': " + e.getMessage(),
            e);
      }
    }

    @Override
    public boolean matches(String path) {
      return Expressions.matches(expression, path);
    }

    @Override
    public String toString() {
      return "'" + expression + "'";
    }
  }
}
