package io.adapt4j.gguf.internal.tokenizer;

import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes chat templates as GGUF metadata keys. */
final class ChatTemplates {

  private static final String KEY = "tokenizer.chat_template";
  private static final String DEFAULT = "default";

  private ChatTemplates() {}

  /** Writes templates by name; the default one goes under the plain key. */
  static void write(Map<String, String> templates, GgufMetadata.Builder target) {
    List<String> names = new ArrayList<>();
    templates.forEach(
        (name, source) -> {
          String plain = name.replaceAll("[^A-Za-z0-9]", "_");
          if (!plain.equals(DEFAULT) && !plain.isEmpty()) {
            target.string(KEY + "." + plain, source);
            names.add(plain);
          }
        });
    if (!names.isEmpty()) {
      target.strings(KEY + "s", names);
    }
    if (templates.containsKey(DEFAULT)) {
      target.string(KEY, templates.get(DEFAULT));
    }
  }
}
