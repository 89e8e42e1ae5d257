package io.adapt4j.core.augment;

import io.adapt4j.core.internal.TextSimilarity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The distinct paraphrases of a text. */
final class Paraphrases {

  private final String original;
  private final double nearness;
  private final List<String> accepted = new ArrayList<>();

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

  /** Adds a paraphrase, or returns the reason to reject it. */
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

  /** Removes an accepted paraphrase. */
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
