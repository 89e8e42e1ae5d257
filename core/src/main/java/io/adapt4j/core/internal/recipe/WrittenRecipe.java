package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * A run's description as it was written.
 *
 * @param keys the tree, every option stated
 * @param untold what it lacks, so that a run cannot be made of it alone: a key and the reason each
 */
public record WrittenRecipe(ObjectNode keys, List<String> untold) {

  /**
   * Writes a description.
   *
   * @param settings the run
   * @param options all options with a key
   * @return the description
   */
  public static WrittenRecipe of(FineTuneSettings settings, List<Option<?>> options) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    for (Option<?> option : options) {
      option.write(settings).ifPresent(value -> keys.set(option.name(), value));
    }
    List<String> untold = new ArrayList<>();
    if (!keys.has("task")) {
      untold.add("task: a reward, a loss or a task of your own is code");
    }
    if (!keys.has("data")) {
      untold.add("data: " + settings.train().origin().reason());
    }
    settings
        .validation()
        .filter(data -> data.origin().description().isEmpty())
        .ifPresent(data -> untold.add("validation: " + data.origin().reason()));
    if (settings.training().schedule().isCustom()) {
      untold.add("schedule: a schedule of your own is code");
    }
    if (!keys.has("optimizer")) {
      untold.add("optimizer: an optimizer of your own is code");
    }
    if (!keys.has("method")) {
      untold.add("method: no module describes " + settings.method().description());
    }
    RegularizationKeys.untold(settings.regularizations())
        .ifPresent(reason -> untold.add("regularize: " + reason));
    return new WrittenRecipe(keys, untold);
  }
}
