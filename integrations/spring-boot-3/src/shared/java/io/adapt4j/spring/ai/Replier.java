package io.adapt4j.spring.ai;

import io.adapt4j.core.generate.CancellationToken;
import java.util.function.Consumer;

/** Source of answers: a model, or any text generator. */
interface Replier {

  /** Answers a request. Throws an UnsupportedOperationException for unsupported features. */
  Reply reply(Question question, Consumer<String> onText, CancellationToken cancellation);
}
