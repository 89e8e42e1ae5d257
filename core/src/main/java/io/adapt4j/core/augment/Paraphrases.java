package io.adapt4j.core.augment;

import io.adapt4j.core.internal.TextSimilarity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The paraphrases of one text that differ from it and from each other. */
final class Paraphrases {

  private final String original;
  private final double nearness;
  private final List<String> accepted = new ArrayList<>();

  /**
   * Starts with none.
   *
   * @param original the text
   * @param nearness from which similarity on texts are near duplicates; above 1 for never
   */
  Paraphrases(String original, double nearness) {
    this.original = original;
    this.nearness = nearness;
  }

  String original() {
    return original;
  }

  List<String> accepted() {
    return accepted;
  }

  /** Takes a paraphrase, or says why not. */
  Optional<Rejection> offer(String paraphrase) {
    Optional<Rejection> found = compare(paraphrase, original);
    for (int i = 0; found.isEmpty() && i < accepted.size(); i++) {
      found = compare(paraphrase, accepted.get(i));
    }
    if (found.isEmpty()) {
      accepted.add(paraphrase);
    }
    return found;
  }

  /** Takes back what was accepted. */
  void withdraw(String paraphrase) {
    accepted.remove(paraphrase);
  }

  private Optional<Rejection> compare(String paraphrase, String other) {
    if (TextSimilarity.same(paraphrase, other)) {
      return Optional.of(Rejection.DUPLICATE);
    }
    return nearness <= 1 && TextSimilarity.of(paraphrase, other) >= nearness
        ? Optional.of(Rejection.NEAR_DUPLICATE)
        : Optional.empty();
  }
}
