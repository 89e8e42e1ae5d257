package io.adapt4j.core.internal.describe;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * British spellings in descriptions and run states written before version 0.1, mapped to American
 * ones. Thread-safe.
 */
public final class FormerSpelling {

  private static final Map<String, String> KEYS =
      Map.of(
          "regularise", "regularize",
          "rankStabilised", "rankStabilized",
          "initialise", "initialize",
          "normalisation", "normalization",
          "centring", "centering",
          "centred", "centered",
          "bestBy", "metricForBestModel");

  private static final Pattern ISE =
      Pattern.compile(
          "(normal|regular|initial|quanti|stabil|factor)is(?=e|ation)", Pattern.CASE_INSENSITIVE);

  private FormerSpelling() {}

  /** Returns the current spelling of a key or choice. */
  public static String ofKey(String key) {
    return KEYS.getOrDefault(key, key);
  }

  /**
   * Returns a mapping with the current spelling of its keys. A key that is present in both
   * spellings is left alone, so that the former one is reported as unknown.
   */
  static <V> Map<String, V> ofKeys(Map<String, V> entries) {
    if (entries.keySet().stream().noneMatch(KEYS::containsKey)) {
      return entries;
    }
    Map<String, V> renamed = new LinkedHashMap<>();
    entries.forEach(
        (key, value) -> {
          String today = ofKey(key);
          renamed.put(entries.containsKey(today) ? key : today, value);
        });
    return renamed;
  }

  /** Normalizes the text of a run's identity so that both spellings are equal. */
  public static String comparable(String identity) {
    return ISE.matcher(identity)
        .replaceAll("$1iz")
        .toLowerCase(Locale.ROOT)
        .replace("centring", "centering")
        .replace("centred", "centered");
  }
}
