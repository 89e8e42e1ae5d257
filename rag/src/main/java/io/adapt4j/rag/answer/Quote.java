package io.adapt4j.rag.answer;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.adapt4j.rag.document.Span;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Quoted words in an answer.
 *
 * @param text the words
 * @param place position of the same words in a source, ignoring whitespace and the style of
 *     quotation marks; empty if there is none
 */
public record Quote(String text, Optional<Place> place) {

  /** {@return the position of the words in a source; in JSON null if there is none} */
  @Override
  @JsonIgnore
  public Optional<Place> place() {
    return place;
  }

  @JsonProperty("place")
  @Nullable Place placeInJson() {
    return place.orElse(null);
  }

  /**
   * Position of a quote in a source.
   *
   * @param number the source's number
   * @param documentId the document's id
   * @param span its position in the document
   */
  public record Place(int number, String documentId, Span span) {}

  /** {@return whether a source has these words} */
  public boolean verbatim() {
    return place.isPresent();
  }
}
