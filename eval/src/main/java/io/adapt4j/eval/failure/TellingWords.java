package io.adapt4j.eval.failure;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Words that tell some texts from all: each by its part in the divergence of the two, p log(p / q)
 * (Tomokiyo and Hurst 2003, "A Language Model Approach to Keyphrase Extraction"), with the shares p
 * and q of texts that have the word. Words that stand everywhere have none, so that no list of stop
 * words is needed.
 */
final class TellingWords {

  private static final Pattern BETWEEN = Pattern.compile("[^\\p{L}\\p{M}\\p{N}]+");

  private final Map<String, Integer> everywhere;
  private final int texts;

  TellingWords(List<String> all) {
    everywhere = counts(all);
    texts = all.size();
  }

  /** The most telling first; the most frequent where none tells anything. */
  List<String> of(List<String> some, int most) {
    Map<String, Integer> counts = counts(some);
    Comparator<String> frequent = Comparator.comparingInt(word -> -counts.get(word));
    List<String> byCount =
        counts.keySet().stream().sorted(frequent.thenComparing(Comparator.naturalOrder())).toList();
    List<String> telling =
        byCount.stream()
            .filter(word -> gain(word, counts.get(word), some.size()) > 0)
            .sorted(Comparator.comparingDouble(word -> -gain(word, counts.get(word), some.size())))
            .toList();
    return (telling.isEmpty() ? byCount : telling).stream().limit(most).toList();
  }

  private double gain(String word, int count, int of) {
    double share = count / (double) of;
    double shareOfAll = everywhere.getOrDefault(word, count) / (double) texts;
    return share * Math.log(share / shareOfAll);
  }

  private static Map<String, Integer> counts(List<String> texts) {
    Map<String, Integer> counts = new HashMap<>();
    for (String text : texts) {
      words(text).forEach(word -> counts.merge(word, 1, Integer::sum));
    }
    return counts;
  }

  private static Set<String> words(String text) {
    Set<String> words = new TreeSet<>();
    BETWEEN
        .splitAsStream(text.toLowerCase(Locale.ROOT))
        .filter(word -> word.codePointCount(0, word.length()) > 1)
        .forEach(words::add);
    return words;
  }
}
