package io.adapt4j.core.internal.task.causallm;

import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.chat.TemplateMarker;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.recipe.TaskModel;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** Tokens that end an answer in training data. */
final class EndTokens {

  private EndTokens() {}

  /** Returns the model's end-of-text tokens and the template's end-of-turn token. */
  static Set<Integer> of(TaskModel model, ExampleEncoder encoder) {
    LoadedModel.SpecialIds ids =
        LoadedModel.specialIds(
            model.config(),
            GenerationDefaults.read(model.folder(), model.config()),
            Optional.of(encoder.tokenizer()));
    Set<Integer> ends = new LinkedHashSet<>(ids.end());
    encoder
        .usedChatTemplate()
        .flatMap(used -> new ChatEncoder(encoder.tokenizer(), used).turnEnd(ChatOptions.defaults()))
        .filter(TemplateMarker::isToken)
        .ifPresent(end -> ends.add(end.ids().get(0)));
    return ends;
  }
}
