package io.adapt4j.core.chat;

import io.adapt4j.jinja.Span;
import java.util.List;

/**
 * A conversation as text.
 *
 * @param text the whole text
 * @param assistantSpans the parts the model is to learn, in UTF-16 units, in order: what each
 *     assistant message consists of with what ends its turn, without the header before it
 */
public record RenderedChat(String text, List<Span> assistantSpans) {

  /**
   * Creates a rendered conversation.
   *
   * @param text the whole text
   * @param assistantSpans the parts the model is to learn
   */
  public RenderedChat {
    assistantSpans = List.copyOf(assistantSpans);
  }
}
