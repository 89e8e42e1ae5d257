package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.chat.ChatTemplate;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A chosen chat template, resolved on demand. */
public record TemplateChoice(Supplier<ChatTemplate> template) {

  /** Chooses a template by name, file or folder, resolved when the run is checked. */
  public static TemplateChoice named(String nameOrPath) {
    return new TemplateChoice(() -> ChatTemplate.resolve(nameOrPath));
  }

  public static TemplateChoice of(ChatTemplate template) {
    return new TemplateChoice(() -> template);
  }

  ChatTemplate find(Path model) {
    return template.get().withSpecialTokensOf(model);
  }
}
