package io.adapt4j.core.generate;

import java.util.function.Consumer;

/**
 * Receives the text of an answer while it is generated, and the log probabilities of its tokens if
 * {@link GenerationOptions.Builder#logprobs} asks for them. Accepted wherever a consumer of the
 * text of one answer is; called on the same thread.
 */
public interface GenerationListener extends Consumer<String> {

  /**
   * Receives a token before the text that it completes, which may be empty.
   *
   * @param token the token with its log probability
   */
  void token(TokenLogprobs token);
}
