package io.adapt4j.core.task;

import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import java.util.Objects;

/**
 * See {@link Task#preference}.
 *
 * @param loss loss to minimize
 * @param reference source of the reference log-probabilities; unused if the loss has none
 */
public record PreferenceTask(PreferenceLoss loss, Reference reference) implements Task {

  /** Checks that both are given. */
  public PreferenceTask {
    Objects.requireNonNull(loss, "loss");
    Objects.requireNonNull(reference, "reference");
  }

  /**
   * Sets the reference of the loss.
   *
   * @param model the reference
   * @return a changed copy
   */
  public PreferenceTask reference(Reference model) {
    return new PreferenceTask(loss, model);
  }
}
