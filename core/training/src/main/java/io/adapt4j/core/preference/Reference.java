package io.adapt4j.core.preference;

import java.nio.file.Path;
import java.util.Objects;

/** Source of the reference log-probabilities in a loss. */
public sealed interface Reference {

  /**
   * The base with the adapter disabled: no second model in memory, one more forward pass a step.
   * Only for methods that leave the base unchanged.
   *
   * @return the default
   */
  static Reference base() {
    return new Base();
  }

  /**
   * The base, evaluated on all answers before the first step; the result is saved in the run's
   * output folder and reused by a run of the same model and data. For all methods.
   *
   * @return the reference
   */
  static Reference precomputed() {
    return new Precomputed();
  }

  /**
   * Another model with the same vocabulary, loaded in addition to the trained one.
   *
   * @param folder its checkpoint
   * @return the reference
   */
  static Reference model(Path folder) {
    return new Model(folder);
  }

  /**
   * No reference: its log-probabilities are taken to be 0.
   *
   * @return the reference
   */
  static Reference none() {
    return new None();
  }

  /** See {@link Reference#base}. */
  record Base() implements Reference {}

  /** See {@link Reference#precomputed}. */
  record Precomputed() implements Reference {}

  /**
   * See {@link Reference#model}.
   *
   * @param folder the checkpoint of the other model
   */
  record Model(Path folder) implements Reference {

    /** Checks that there is a folder. */
    public Model {
      Objects.requireNonNull(folder, "folder");
    }
  }

  /** See {@link Reference#none}. */
  record None() implements Reference {}
}
