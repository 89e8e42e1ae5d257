package io.adapt4j.studio.internal.screen;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Guesses what columns mean by usual names that no shape knows, for the user to confirm. */
final class Guesses {

  private static final Map<String, List<String>> PAIRS =
      Map.of(
          "prompt",
          List.of("question", "query", "input", "user", "request", "frage", "anfrage", "eingabe"),
          "completion",
          List.of(
              "reply",
              "answer",
              "output",
              "assistant",
              "solution",
              "antwort",
              "ausgabe",
              "lösung"));

  private static final Map<String, List<String>> CLASSES =
      Map.of(
          "text",
          List.of("body", "message", "sentence", "review", "comment", "title", "nachricht", "satz"),
          "label",
          List.of("tag", "sentiment", "target", "topic", "type", "klasse", "kategorie", "thema"));

  private Guesses() {}

  /** Returns meanings by column: of a whole shape, or none. */
  static Map<String, String> of(List<String> columns) {
    Map<String, String> pairs = matches(columns, PAIRS);
    Map<String, String> classes = matches(columns, CLASSES);
    return pairs.size() == 2 ? pairs : classes.size() == 2 ? classes : Map.of();
  }

  private static Map<String, String> matches(
      List<String> columns, Map<String, List<String>> meanings) {
    Map<String, String> found = new LinkedHashMap<>();
    meanings.forEach(
        (meaning, names) ->
            columns.stream()
                .filter(
                    column ->
                        column.equals(meaning) || names.contains(column.toLowerCase(Locale.ROOT)))
                .findFirst()
                .ifPresent(column -> found.put(column, meaning)));
    return found;
  }
}
