package io.adapt4j.rag.retrieve;

import io.adapt4j.core.text.TextGenerator;
import java.util.List;

/** Makes further searches of a question. */
@FunctionalInterface
public interface QueryExpansion {

  /**
   * Returns what to search for.
   *
   * @param question the question
   * @return at least one search, usually the question's own first
   */
  List<SearchText> searches(String question);

  /**
   * One search.
   *
   * @param question its words, and what its vector is made of
   * @param hypothetical passages as they might answer it, whose vectors are averaged with the
   *     question's; usually none
   */
  record SearchText(String question, List<String> hypothetical) {

    /**
     * Makes a search with its own copy of the passages.
     *
     * @param question its words, and what its vector is made of
     * @param hypothetical passages as they might answer it, whose vectors are averaged with the
     *     question's; usually none
     */
    public SearchText {
      hypothetical = List.copyOf(hypothetical);
    }

    /**
     * Searches for a question as it is.
     *
     * @param question the question
     * @return the search
     */
    public static SearchText of(String question) {
      return new SearchText(question, List.of());
    }
  }

  /**
   * Searches for the question only.
   *
   * @return no expansion
   */
  static QueryExpansion none() {
    return question -> List.of(SearchText.of(question));
  }

  /**
   * Searches for other paraphrases of the question too, written by a generator.
   *
   * @param generator writes them
   * @param paraphrases how many, at least 1
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
