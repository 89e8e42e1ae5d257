package io.adapt4j.core.chat;

import io.adapt4j.jinja.Span;
import java.util.List;

/**
 * A conversation as text.
 *
 * @param text the whole text
 * @param assistantSpans the spans to train on, in UTF-16 units, in order: each assistant message
 *     with the end of its turn, without its header
 */
public record RenderedChat(String text, List<Span> assistantSpans) {

  /** Creates a rendered conversation. */
  public RenderedChat {
    assistantSpans = List.copyOf(assistantSpans);
  }
}
