package io.adapt4j.studio.internal.page;

import java.util.Locale;
import java.util.Map;

/** Presentation of a page: language, colors, and the path below which its links lie. */
public record Look(
    Locale locale,
    String theme,
    String base,
    String here,
    String note,
    Map<String, String> messages) {

  public Look {
    messages = Map.copyOf(messages);
  }

  /** Returns a message; its key if there is none. */
  public String message(String key) {
    return messages.getOrDefault(key, key);
  }

  /** Returns a message with its arguments in place of {@code %s}. */
  public String message(String key, Object... arguments) {
    return String.format(locale, message(key), arguments);
  }

  public Formats formats() {
    return new Formats(locale);
  }

  /** Returns the address of a path below the studio's. */
  public String to(String path) {
    return base + path;
  }
}
