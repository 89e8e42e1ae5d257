package io.adapt4j.core.augment;

import io.adapt4j.core.data.quality.TextSimilarity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The wordings of one text that differ from it and from each other. */
final class Wordings {

  private final String original;
  private final double nearness;
  private final List<String> accepted = new ArrayList<>();

  /**
   * Starts with none.
   *
   * @param original the text
   * @param nearness from which similarity on texts are near duplicates; above 1 for never
   */
  Wordings(String original, double nearness) {
    this.original = original;
    this.nearness = nearness;
  }

  String original() {
    return original;
  }

  List<String> accepted() {
    return accepted;
  }

  /** Takes a wording, or says why not. */
  Optional<Rejection> offer(String wording) {
    Optional<Rejection> found = compare(wording, original);
    for (int i = 0; found.isEmpty() && i < accepted.size(); i++) {
      found = compare(wording, accepted.get(i));
    }
    if (found.isEmpty()) {
      accepted.add(wording);
    }
    return found;
  }

  /** Takes back what was accepted. */
  void withdraw(String wording) {
    accepted.remove(wording);
  }

  private Optional<Rejection> compare(String wording, String other) {
    if (TextSimilarity.same(wording, other)) {
      return Optional.of(Rejection.DUPLICATE);
    }
    return nearness <= 1 && TextSimilarity.of(wording, other) >= nearness
        ? Optional.of(Rejection.NEAR_DUPLICATE)
        : Optional.empty();
  }
}
