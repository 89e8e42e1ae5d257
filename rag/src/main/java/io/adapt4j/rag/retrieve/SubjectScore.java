package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.spi.Hit;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Score, by vector and by words, of how near a question is to the passages found for it, and the
 * bound below which it is off the documents' subject.
 *
 * @param words the words of passages of the index
 * @param wordWeight what a passage with all of a question's words adds to its cosine
 * @param bound the smallest score of a question on the subject
 */
record SubjectScore(WordOverlap words, double wordWeight, double bound) {

  /** The best score of passages whose vectors are stored; empty if none are. */
  OptionalDouble of(String question, List<Hit> hits, Similarities similarities) {
    Set<String> stems = WordOverlap.stems(question);
    return similarities.best(
        hits, hit -> wordWeight * words.share(stems, WordOverlap.stems(hit.chunk().searchText())));
  }
}
