package io.adapt4j.core.internal.chat;

import java.util.List;

/**
 * A marker that a chat template puts around messages, such as {@code <|im_end|>}, with its tokens.
 */
public record TemplateMarker(String text, List<Integer> ids, boolean isSpelled) {

  /** Copies the ids. */
  public TemplateMarker {
    ids = List.copyOf(ids);
  }

  /**
   * Returns whether the marker is a single token of the tokenizer, as it is in models made for the
   * template.
   */
  public boolean isToken() {
    return ids.size() == 1 && isSpelled;
  }
}
