package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.chat.ChatTemplate;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * A chat template as it was chosen.
 *
 * @param template finds it
 */
public record TemplateChoice(Supplier<ChatTemplate> template) {

  /**
   * Chooses a template by its name, file or folder, which are looked for when the run is checked.
   *
   * @param nameOrPath the name
   * @return the choice
   */
  public static TemplateChoice named(String nameOrPath) {
    return new TemplateChoice(() -> ChatTemplate.resolve(nameOrPath));
  }

  /**
   * Chooses a template.
   *
   * @param template the template
   * @return the choice
   */
  public static TemplateChoice of(ChatTemplate template) {
    return new TemplateChoice(() -> template);
  }

  ChatTemplate find(Path model) {
    return template.get().withSpecialTokensOf(model);
  }
}
