package io.adapt4j.upkeep.feedback;

import java.util.List;

/** Finds personal data and secrets in a text. Called by several threads. */
@FunctionalInterface
public interface PersonalDataFinder {

  /**
   * Finds spans of a text.
   *
   * @param text the text
   * @return the spans, in any order; they may overlap
   */
  List<PersonalSpan> find(String text);
}
