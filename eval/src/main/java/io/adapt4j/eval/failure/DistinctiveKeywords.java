package io.adapt4j.eval.failure;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Words that distinguish some texts from all: ranked by their contribution to the divergence of the
 * two, p log(p / q) (Tomokiyo and Hurst 2003, "A Language Model Approach to Keyphrase Extraction"),
 * with the shares p and q of texts that contain the word. Words that occur everywhere contribute
 * nothing, so that no list of stop words is needed.
 */
final class DistinctiveKeywords {

  private static final Pattern BETWEEN = Pattern.compile("[^\\p{L}\\p{M}\\p{N}]+");

  private final Multiset<String> everywhere;
  private final int texts;

  DistinctiveKeywords(List<String> all) {
    everywhere = counts(all);
    texts = all.size();
  }

  /** Returns the most distinctive words first; the most frequent if none is distinctive. */
  List<String> of(List<String> some, int most) {
    Multiset<String> counts = counts(some);
    Comparator<String> frequent = Comparator.comparingInt(word -> -counts.count(word));
    List<String> byCount =
        counts.elementSet().stream()
            .sorted(frequent.thenComparing(Comparator.naturalOrder()))
            .toList();
    List<String> telling =
        byCount.stream()
            .filter(word -> gain(word, counts.count(word), some.size()) > 0)
            .sorted(
                Comparator.comparingDouble(word -> -gain(word, counts.count(word), some.size())))
            .toList();
    return (telling.isEmpty() ? byCount : telling).stream().limit(most).toList();
  }

  private double gain(String word, int count, int of) {
    double share = count / (double) of;
    int all = everywhere.contains(word) ? everywhere.count(word) : count;
    double shareOfAll = all / (double) texts;
    return share * Math.log(share / shareOfAll);
  }

  private static Multiset<String> counts(List<String> texts) {
    Multiset<String> counts = HashMultiset.create();
    texts.forEach(text -> counts.addAll(words(text)));
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
