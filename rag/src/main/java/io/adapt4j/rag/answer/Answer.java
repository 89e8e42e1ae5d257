package io.adapt4j.rag.answer;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.trace.Trace;
import java.util.List;

/**
 * An answer with what it rests on. Jackson writes it as an object of these fields and {@code
 * checked}.
 *
 * @param text the answer, with numbers of sources in brackets such as [1]; without a generator, the
 *     numbered passages themselves
 * @param answerable false if no passage was relevant enough or the generator said that the sources
 *     do not contain the answer
 * @param citations the sources that the text names, each once, in the order of their first mention
 * @param unknownCitations numbers in the text that are no source's: made up by the generator
 * @param quotes the quotations in the text, checked against the sources; empty without a generator
 * @param passages what was found and shown, the first of them as source 1
 * @param trace how the answer came about
 */
public record Answer(
    String text,
    boolean answerable,
    List<Citation> citations,
    List<Integer> unknownCitations,
    List<Quote> quotes,
    List<Passage> passages,
    Trace trace) {

  /**
   * Makes an answer with its own copies of the lists.
   *
   * @param text the answer, with numbers of sources in brackets such as [1]; without a generator,
   *     the numbered passages themselves
   * @param answerable false if no passage was relevant enough or the generator said that the
   *     sources do not contain the answer
   * @param citations the sources that the text names, each once, in the order of their first
   *     mention
   * @param unknownCitations numbers in the text that are no source's: made up by the generator
   * @param quotes the quotations in the text, checked against the sources; empty without a
   *     generator
   * @param passages what was found and shown, the first of them as source 1
   * @param trace how the answer came about
   */
  public Answer {
    citations = List.copyOf(citations);
    unknownCitations = List.copyOf(unknownCitations);
    quotes = List.copyOf(quotes);
    passages = List.copyOf(passages);
  }

  /**
   * Returns whether everything that can be checked holds: the answer names a source, every number
   * is that of a source whose document is as it was, and every quote is verbatim. It does not tell
   * whether the sources say what the answer says.
   *
   * @return true if all of it holds
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
