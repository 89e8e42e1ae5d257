package io.adapt4j.core.internal.describe;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * British spellings that descriptions and run states written before version 0.1 hold, read as the
 * American ones that replaced them. Thread-safe.
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

  /** Returns a key or choice as it is spelled today. */
  public static String ofKey(String key) {
    return KEYS.getOrDefault(key, key);
  }

  /**
   * Returns a mapping with the keys of today. A key that is there in both spellings stays as it is,
   * so that the former one is reported as unknown.
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

  /** Returns the text of a run's identity in a form in which both spellings are equal. */
  public static String comparable(String identity) {
    return ISE.matcher(identity)
        .replaceAll("$1iz")
        .toLowerCase(Locale.ROOT)
        .replace("centring", "centering")
        .replace("centred", "centered");
  }
}
