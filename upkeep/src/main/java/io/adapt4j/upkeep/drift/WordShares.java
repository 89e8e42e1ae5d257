package io.adapt4j.upkeep.drift;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import com.google.common.collect.Multisets;
import io.adapt4j.upkeep.drift.DriftReport.ChangedWord;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Words whose shares of texts differ most between two periods, by the two-proportion z-test. */
final class WordShares {

  /** Two-sided normal quantile of one in a thousand. */
  private static final double NOTABLE = 3.29;

  private final Multiset<String> reference;
  private final Multiset<String> now;
  private final double referenceTexts;
  private final double nowTexts;

  WordShares(List<String> referenceTexts, List<String> nowTexts) {
    this.reference = counts(referenceTexts);
    this.now = counts(nowTexts);
    this.referenceTexts = referenceTexts.size();
    this.nowTexts = nowTexts.size();
  }

  private static Multiset<String> counts(List<String> texts) {
    Multiset<String> counts = HashMultiset.create();
    texts.forEach(text -> counts.addAll(Features.words(text).collect(Collectors.toSet())));
    return counts;
  }

  List<ChangedWord> most(String field, int words) {
    ToDoubleFunction<String> difference = word -> -Math.abs(z(word));
    return Multisets.union(reference, now).elementSet().stream()
        .filter(word -> Math.abs(z(word)) > NOTABLE)
        .sorted(Comparator.comparingDouble(difference).thenComparing(Comparator.naturalOrder()))
        .limit(words)
        .map(
            word ->
                new ChangedWord(
                    field,
                    word,
                    reference.count(word) / referenceTexts,
                    now.count(word) / nowTexts))
        .toList();
  }

  private double z(String word) {
    double before = reference.count(word);
    double after = now.count(word);
    double share = (before + after) / (referenceTexts + nowTexts);
    double variance = share * (1 - share) * (1 / referenceTexts + 1 / nowTexts);
    return variance == 0 ? 0 : (after / nowTexts - before / referenceTexts) / Math.sqrt(variance);
  }
}
