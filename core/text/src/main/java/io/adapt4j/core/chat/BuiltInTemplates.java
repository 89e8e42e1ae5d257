package io.adapt4j.core.chat;

import io.adapt4j.core.internal.describe.Nearest;
import io.adapt4j.jinja.Template;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The chat templates included in the library, by the names of their formats. */
final class BuiltInTemplates {

  static final List<String> NAMES =
      List.of(
          "alpaca", "chatml", "gemma", "llama2", "llama3", "mistral", "phi3", "qwen2_5", "vicuna",
          "zephyr");

  private BuiltInTemplates() {}

  /**
   * Finds the name in {@link #NAMES} that a spelling refers to: {@code Qwen2.5} is {@code qwen2_5}.
   */
  static Optional<String> canonical(String name) {
    String plain = plain(name);
    return NAMES.stream().filter(known -> plain(known).equals(plain)).findFirst();
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
  }

  static ChatTemplate read(String name) {
    String known =
        canonical(name)
            .orElseThrow(
                () ->
                    new ChatException(
                        "chat template: expected one of "
                            + String.join(", ", NAMES)
                            + ", a file or a model folder, found '"
                            + name
                            + "'."
                            + Nearest.to(name, NAMES)
                                .map(near -> " Did you mean '" + near + "'?")
                                .orElse("")));
    Template template = Template.parse("chat template " + known, source(known));
    return new ChatTemplate(
        "the chat template " + known, Map.of(ChatTemplate.DEFAULT, template), Map.of());
  }

  private static String source(String name) {
    String file = name + ".jinja";
    try (InputStream content = BuiltInTemplates.class.getResourceAsStream(file)) {
      if (content == null) {
        throw new IllegalStateException(file + " is missing in the library's jar");
      }
      return new String(content.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + file + " in the library's jar failed", e);
    }
  }

  /** Returns the name of the built-in template with these sources, if there is one. */
  static Optional<String> nameOf(Map<String, String> sources) {
    String single = sources.get(ChatTemplate.DEFAULT);
    return sources.size() != 1 || single == null
        ? Optional.empty()
        : NAMES.stream()
            .filter(name -> source(name).stripTrailing().equals(single.stripTrailing()))
            .findFirst();
  }
}
