package io.adapt4j.serve;

import java.util.List;

/**
 * Finds passages of documents. {@link QuestionAnswering} that implements it too can be searched by
 * clients of {@code /mcp}. Called by several threads.
 */
@FunctionalInterface
public interface PassageSearch {

  /**
   * Finds passages for a question.
   *
   * @param question the question
   * @return the passages, best first
   * @throws IllegalArgumentException if the question is blank
   */
  List<FoundPassage> search(String question);

  /**
   * A passage of a document.
   *
   * @param documentId the document's id
   * @param title the document's title; may be empty
   * @param start start of the passage in the document, in UTF-16 units
   * @param end its end
   * @param text the characters between
   * @param score its relevance to the question; higher is better
   */
  record FoundPassage(
      String documentId, String title, int start, int end, String text, double score) {}
}
