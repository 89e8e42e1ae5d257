package io.adapt4j.core.generate;

import java.util.function.Consumer;

/**
 * Takes the text of an answer while it is generated, and the log probabilities of its tokens where
 * {@link GenerationOptions.Builder#logprobs} asks for them. Give it wherever a listener to the text
 * of one answer may stand; it is called on the same thread.
 */
public interface GenerationListener extends Consumer<String> {

  /**
   * Takes a token before the text that it completes, which may be none.
   *
   * @param token the token, with how likely it was
   */
  void token(TokenLogprobs token);
}
