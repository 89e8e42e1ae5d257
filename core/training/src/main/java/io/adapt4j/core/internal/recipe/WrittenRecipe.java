package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** Written description of a run, with the parts that could not be written. */
public record WrittenRecipe(ObjectNode keys, List<String> omitted) {

  public static WrittenRecipe of(FineTuneSettings settings, List<Option<?>> options) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    for (Option<?> option : options) {
      option.write(settings).ifPresent(value -> keys.set(option.name(), value));
    }
    List<String> omitted = new ArrayList<>();
    if (!keys.has("task")) {
      omitted.add("task: a reward, a loss or a task of your own is code");
    }
    if (!keys.has("data")) {
      omitted.add("data: " + settings.train().origin().reason());
    }
    settings
        .validation()
        .filter(data -> data.origin().description().isEmpty())
        .ifPresent(data -> omitted.add("validation: " + data.origin().reason()));
    if (settings.training().schedule().isCustom()) {
      omitted.add("schedule: a schedule of your own is code");
    }
    if (!keys.has("optimizer")) {
      omitted.add("optimizer: an optimizer of your own is code");
    }
    if (!keys.has("method")) {
      omitted.add("method: no module describes " + settings.method().description());
    }
    RegularizationKeys.omitted(settings.regularizations())
        .ifPresent(reason -> omitted.add("regularize: " + reason));
    return new WrittenRecipe(keys, omitted);
  }
}
