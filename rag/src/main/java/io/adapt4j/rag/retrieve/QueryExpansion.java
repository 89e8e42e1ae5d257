package io.adapt4j.rag.retrieve;

import io.adapt4j.core.text.TextGenerator;
import java.util.List;

/** Expands a question into several searches. */
@FunctionalInterface
public interface QueryExpansion {

  /**
   * Returns the searches of a question.
   *
   * @param question the question
   * @return at least one search, usually the question's own first
   */
  List<SearchText> searches(String question);

  /**
   * A single search.
   *
   * @param question text searched by words and by vector
   * @param hypothetical made-up answer passages, whose vectors are averaged with the question's;
   *     may be empty
   */
  record SearchText(String question, List<String> hypothetical) {

    /** Creates a search with its own copy of the passages. */
    public SearchText {
      hypothetical = List.copyOf(hypothetical);
    }

    /**
     * Creates a search for the unchanged question.
     *
     * @return the search
     */
    public static SearchText of(String question) {
      return new SearchText(question, List.of());
    }
  }

  /**
   * Returns an expansion that searches for the question only.
   *
   * @return no expansion
   */
  static QueryExpansion none() {
    return question -> List.of(SearchText.of(question));
  }

  /**
   * Also searches for paraphrases of the question, written by a generator.
   *
   * @param generator writes the paraphrases
   * @param paraphrases their number, at least 1
   * @return the expansion
   * @throws IllegalArgumentException if paraphrases is below 1
   */
  static QueryExpansion multiQuery(TextGenerator generator, int paraphrases) {
    return new MultiQuery(generator, paraphrases);
  }

  /**
   * Searches near a passage that a generator makes up as an answer: hypothetical document
   * embeddings, HyDE (Gao, Ma, Lin and Callan 2022). Its vector is averaged with the question's, as
   * in the paper's equation 8; the words are those of the question.
   *
   * @param generator writes the passage
   * @return the expansion
   */
  static QueryExpansion hyde(TextGenerator generator) {
    return new Hyde(generator);
  }
}
