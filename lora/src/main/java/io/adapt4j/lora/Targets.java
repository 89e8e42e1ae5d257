package io.adapt4j.lora;

import io.adapt4j.lora.internal.peft.PeftTargets;
import java.util.List;

/** Selection of the projections to adapt. */
public sealed interface Targets {

  /**
   * All linear projections of the layers that every version of PEFT treats as such: not the output
   * head, the embedding, stacked experts, or routers of mixtures of experts, nor Falcon-H1's
   * state-space output, nor indexers of DeepSeek V3.2 and GLM-5, which have no gradient.
   */
  Targets ALL_LINEAR = new AllLinear();

  /**
   * Projections by name. As in PEFT, a name matches every module whose path equals it or ends with
   * a dot and the name, so {@code q_proj} selects one projection in every layer.
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
   * @param expression in Java's syntax, which agrees with Python's for such paths
   * @return the targets
   * @throws IllegalArgumentException if the expression is malformed
   */
  static Targets regex(String expression) {
    return new Regex(expression);
  }

  /**
   * Returns whether a module is selected.
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
      return PeftTargets.ALL_LINEAR.toString();
    }
  }

  /**
   * See {@link Targets#names}.
   *
   * @param names module names or path ends
   */
  record Names(List<String> names) implements Targets {

    /** Checks and copies the names. */
    public Names {
      names = PeftTargets.names(names).names();
    }

    @Override
    public boolean matches(String path) {
      return PeftTargets.names(names).matches(path);
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

    /** Checks the expression. */
    public Regex {
      PeftTargets.regex(expression);
    }

    @Override
    public boolean matches(String path) {
      return PeftTargets.regex(expression).matches(path);
    }

    @Override
    public String toString() {
      return PeftTargets.regex(expression).toString();
    }
  }
}
