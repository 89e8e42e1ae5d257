package io.adapt4j.core.internal.chat;

import java.util.List;

/**
 * A text with which a chat template sets off the messages of a conversation, such as {@code
 * <|im_end|>}, and what a tokenizer makes of it.
 *
 * @param text the text
 * @param ids its tokens; one if the tokenizer knows the text as its own token
 * @param isSpelled whether the tokens give the text back; otherwise the vocabulary lacks some of
 *     its characters
 */
public record TemplateMarker(String text, List<Integer> ids, boolean isSpelled) {

  /**
   * Copies the ids.
   *
   * @param text the text
   * @param ids its tokens
   * @param isSpelled whether the tokens give the text back
   */
  public TemplateMarker {
    ids = List.copyOf(ids);
  }

  /**
   * Returns whether the tokenizer knows the text as its own token, as the models that the template
   * was made for do.
   *
   * @return whether it is one token
   */
  public boolean isToken() {
    return ids.size() == 1 && isSpelled;
  }
}
