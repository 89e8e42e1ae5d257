package io.adapt4j.rag.answer;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.adapt4j.rag.document.Span;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Words between quotation marks in an answer.
 *
 * @param text the words
 * @param place where a source has the same words, up to white space and the shape of quotation
 *     marks; empty if none has
 */
public record Quote(String text, Optional<Place> place) {

  /** {@return where a source has the words; in JSON null if none has} */
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
   * Where a quote stands.
   *
   * @param number the source's number
   * @param documentId the document's id
   * @param span its place in the document
   */
  public record Place(int number, String documentId, Span span) {}

  /** {@return whether a source has these words} */
  public boolean verbatim() {
    return place.isPresent();
  }
}
