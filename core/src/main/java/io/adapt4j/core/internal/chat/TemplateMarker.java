package io.adapt4j.core.internal.chat;

import java.util.List;

/**
 * A text with which a chat template sets off the messages of a conversation, such as {@code
 * <|im_end|>}, and what a tokenizer makes of it.
 */
public record TemplateMarker(String text, List<Integer> ids, boolean isSpelled) {

  /** Copies the ids. */
  public TemplateMarker {
    ids = List.copyOf(ids);
  }

  /**
   * Returns whether the tokenizer knows the text as its own token, as the models that the template
   * was made for do.
   */
  public boolean isToken() {
    return ids.size() == 1 && isSpelled;
  }
}
