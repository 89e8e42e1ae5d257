package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.spi.Hit;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Relevance score of a question to its best passages, by vector and words, with the bound below
 * which it is off the documents' subject.
 */
record SubjectScore(WordOverlap words, double wordWeight, double bound) {

  /** Returns the best score of passages whose vectors are stored; empty if none are. */
  OptionalDouble of(String question, List<Hit> hits, Similarities similarities) {
    Set<String> stems = WordOverlap.stems(question);
    return similarities.best(
        hits, hit -> wordWeight * words.share(stems, WordOverlap.stems(hit.chunk().searchText())));
  }
}
