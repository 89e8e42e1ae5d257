package io.adapt4j.core.internal.task;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.recipe.Checks;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Notes on the chat template of a run. */
final class TemplateNotes {

  private TemplateNotes() {}

  static List<String> of(FineTuneSettings settings, Tokenizer tokenizer) {
    boolean chats = Checks.isConversation(settings.train());
    Optional<ChatTemplate> chosen = settings.chosenTemplate();
    List<String> notes = new ArrayList<>();
    if (chosen.isPresent() && !chats) {
      notes.add(
          "the chosen chat template is not used: the first row is no conversation; asChat() makes"
              + " conversations of prompts and completions");
    }
    if (chats) {
      chosen.ifPresent(
          template ->
              notes.add(
                  "conversations are written in the chat template "
                      + template.builtInName().orElse("that was given")
                      + ", which is saved with the result"));
      settings
          .chatTemplate()
          .flatMap(template -> new ChatEncoder(tokenizer, template).remark())
          .ifPresent(remark -> notes.add("chat template: " + remark));
    }
    return notes;
  }
}
