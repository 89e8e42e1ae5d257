package io.adapt4j.core.task;

import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.preference.Reference;
import java.util.Objects;

/**
 * See {@link Task#preference}.
 *
 * @param loss what is minimized
 * @param reference what the loss compares with; of no consequence where it does not compare
 */
public record PreferenceTask(PreferenceLoss loss, Reference reference) implements Task {

  /**
   * Checks that both are given.
   *
   * @param loss what is minimized
   * @param reference what the loss compares with
   */
  public PreferenceTask {
    Objects.requireNonNull(loss, "loss");
    Objects.requireNonNull(reference, "reference");
  }

  /**
   * Sets what the loss compares with.
   *
   * @param model the reference
   * @return a changed copy
   */
  public PreferenceTask reference(Reference model) {
    return new PreferenceTask(loss, model);
  }
}
