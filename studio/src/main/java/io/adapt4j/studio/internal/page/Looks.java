package io.adapt4j.studio.internal.page;

import io.adapt4j.studio.internal.store.Preferences;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.function.UnaryOperator;

/** Chooses language and colors of pages: what was chosen, else the browser's. */
public final class Looks {

  private static final List<String> LANGUAGES = List.of("en", "de");

  private final String base;
  private final Preferences preferences;
  private final Map<String, Map<String, String>> messages = new LinkedHashMap<>();

  public Looks(String base, Preferences preferences) {
    this.base = base;
    this.preferences = preferences;
    LANGUAGES.forEach(language -> messages.put(language, read(language)));
  }

  /** The path below which all links lie. */
  public String base() {
    return base;
  }

  static Map<String, String> read(String language) {
    Properties properties = new Properties();
    String name = "messages_" + language + ".properties";
    try (Reader in =
        new InputStreamReader(
            Objects.requireNonNull(Looks.class.getResourceAsStream(name), name),
            StandardCharsets.UTF_8)) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> texts = new LinkedHashMap<>();
    properties.forEach((key, value) -> texts.put((String) key, (String) value));
    return texts;
  }

  /** Returns the look for a browser. */
  public Look of(Optional<String> accepted, List<String> path, UnaryOperator<String> query) {
    Locale locale = locale(accepted.orElse(""));
    String note = query.apply("done");
    Map<String, String> texts =
        Objects.requireNonNull(messages.get(locale.getLanguage()), "messages");
    return new Look(
        locale,
        preferences.theme(),
        base,
        path.stream().allMatch(each -> each.matches("[\\w-]*")) ? String.join("/", path) : "",
        texts.containsKey("done_" + note) ? note : "",
        texts);
  }

  /** Keeps the region of a browser's language, which decides how numbers are written. */
  private Locale locale(String accepted) {
    List<Locale> wanted;
    try {
      wanted =
          Locale.LanguageRange.parse(accepted.isBlank() ? "en" : accepted).stream()
              .map(range -> Locale.forLanguageTag(range.getRange()))
              .filter(locale -> LANGUAGES.contains(locale.getLanguage()))
              .toList();
    } catch (IllegalArgumentException e) {
      wanted = List.of();
    }
    String chosen = preferences.language();
    return wanted.stream()
        .filter(locale -> chosen.isEmpty() || locale.getLanguage().equals(chosen))
        .findFirst()
        .orElse(Locale.forLanguageTag(chosen.isEmpty() ? "en" : chosen));
  }
}
