package io.adapt4j.serve;

import io.adapt4j.core.text.TokenUsage;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * An answer from documents.
 *
 * @param text the answer, with numbers of sources in brackets such as [1]
 * @param answerable whether the documents contain an answer
 * @param checked whether everything that can be checked holds: a source is named, every number is a
 *     source's, and every quote is verbatim
 * @param citations the sources that the text names
 * @param unknownCitations numbers in the text that are no source's
 * @param usage the tokens that the generator read and wrote, if it counts them
 */
public record GroundedAnswer(
    String text,
    boolean answerable,
    boolean checked,
    List<Citation> citations,
    List<Integer> unknownCitations,
    Optional<TokenUsage> usage) {

  /**
   * Copies the lists.
   *
   * @param text the answer, with numbers of sources in brackets such as [1]
   * @param answerable whether the documents contain an answer
   * @param checked whether everything that can be checked holds
   * @param citations the sources that the text names
   * @param unknownCitations numbers in the text that are no source's
   * @param usage the tokens that the generator read and wrote, if it counts them
   */
  public GroundedAnswer {
    citations = List.copyOf(citations);
    unknownCitations = List.copyOf(unknownCitations);
    Objects.requireNonNull(usage, "usage");
  }

  /**
   * Creates an answer whose tokens nobody counted.
   *
   * @param text the answer, with numbers of sources in brackets such as [1]
   * @param answerable whether the documents contain an answer
   * @param checked whether everything that can be checked holds
   * @param citations the sources that the text names
   * @param unknownCitations numbers in the text that are no source's
   */
  public GroundedAnswer(
      String text,
      boolean answerable,
      boolean checked,
      List<Citation> citations,
      List<Integer> unknownCitations) {
    this(text, answerable, checked, citations, unknownCitations, Optional.empty());
  }

  /**
   * A source that an answer names.
   *
   * @param number the number it has in the answer's text, from 1
   * @param documentId the document's id
   * @param title the document's title; may be empty
   * @param start where the source begins in the document, in UTF-16 units
   * @param end where it ends
   * @param text the characters between
   * @param score how well it fitted the question
   * @param verified whether the document has these characters at this place
   * @param quotes what of the text the answer quotes, counted from the beginning of the text
   */
  public record Citation(
      int number,
      String documentId,
      String title,
      int start,
      int end,
      String text,
      double score,
      boolean verified,
      List<Quote> quotes) {

    /**
     * Copies the quotes.
     *
     * @param number the number it has in the answer's text, from 1
     * @param documentId the document's id
     * @param title the document's title; may be empty
     * @param start where the source begins in the document, in UTF-16 units
     * @param end where it ends
     * @param text the characters between
     * @param score how well it fitted the question
     * @param verified whether the document has these characters at this place
     * @param quotes what of the text the answer quotes, counted from the beginning of the text
     */
    public Citation {
      quotes = List.copyOf(quotes);
    }
  }

  /**
   * A stretch of a source's text.
   *
   * @param start where it begins
   * @param end where it ends
   */
  public record Quote(int start, int end) {}
}
