package io.adapt4j.rag.answer;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.trace.Trace;
import java.util.List;

/**
 * An answer with its sources. Jackson serializes these fields and {@code checked}.
 *
 * @param text the answer, with numbers of sources in brackets such as [1]; without a generator, the
 *     numbered passages themselves
 * @param answerable false if no passage was relevant enough or the generator stated that the
 *     sources do not contain the answer
 * @param citations sources cited in the text, each once, in order of first mention
 * @param unknownCitations numbers in the text without a source: made up by the generator
 * @param quotes quotations in the text, checked against the sources; empty without a generator
 * @param passages the retrieved passages, the first of them as source 1
 * @param trace trace of the answer
 */
public record Answer(
    String text,
    boolean answerable,
    List<Citation> citations,
    List<Integer> unknownCitations,
    List<Quote> quotes,
    List<Passage> passages,
    Trace trace) {

  /** Creates an answer with its own copies of the lists. */
  public Answer {
    citations = List.copyOf(citations);
    unknownCitations = List.copyOf(unknownCitations);
    quotes = List.copyOf(quotes);
    passages = List.copyOf(passages);
  }

  /**
   * Returns whether all checks pass: the answer cites a source, every number refers to a source
   * with an unchanged document, and every quote is verbatim. This does not check that the sources
   * support the answer.
   *
   * @return true if all checks pass
   */
  @JsonProperty
  public boolean checked() {
    return answerable
        && !citations.isEmpty()
        && unknownCitations.isEmpty()
        && citations.stream().allMatch(Citation::verified)
        && quotes.stream().allMatch(Quote::verbatim);
  }
}
