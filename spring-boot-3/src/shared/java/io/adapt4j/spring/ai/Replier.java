package io.adapt4j.spring.ai;

import io.adapt4j.core.generate.CancellationToken;
import java.util.function.Consumer;

/** What answers: a model, or any generator of texts. */
interface Replier {

  /**
   * Answers.
   *
   * @throws UnsupportedOperationException if what is asked for is not supported
   */
  Reply reply(Question question, Consumer<String> onText, CancellationToken cancellation);
}
