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
 * @param checked whether all checks pass: a source is cited, every number is a source's, and every
 *     quote is verbatim
 * @param citations the cited sources
 * @param unknownCitations numbers in the text without a source
 * @param usage the generator's token usage, if it counts it
 */
public record GroundedAnswer(
    String text,
    boolean answerable,
    boolean checked,
    List<Citation> citations,
    List<Integer> unknownCitations,
    Optional<TokenUsage> usage) {

  /** Copies the lists. */
  public GroundedAnswer {
    citations = List.copyOf(citations);
    unknownCitations = List.copyOf(unknownCitations);
    Objects.requireNonNull(usage, "usage");
  }

  /**
   * Creates an answer without token usage.
   *
   * @param checked whether all checks pass
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
   * A source cited by an answer.
   *
   * @param number its number in the answer's text, from 1
   * @param documentId the document's id
   * @param title the document's title; may be empty
   * @param start start of the source in the document, in UTF-16 units
   * @param end its end
   * @param text the characters between
   * @param score its relevance to the question
   * @param verified whether the document has these characters at this position
   * @param quotes spans of the text that the answer quotes, relative to the text's start
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

    /** Copies the quotes. */
    public Citation {
      quotes = List.copyOf(quotes);
    }
  }

  /**
   * A span of a source's text.
   *
   * @param start its start
   * @param end its end
   */
  public record Quote(int start, int end) {}
}
