package io.adapt4j.langchain4j;

import io.adapt4j.core.generate.CancellationToken;

/** What answers: a model, or any generator of texts. */
interface Replier {

  /**
   * Refuses what cannot be answered, before anything is generated.
   *
   * @throws dev.langchain4j.exception.UnsupportedFeatureException if there is no support for it
   */
  void check(Question question);

  /** Answers. */
  Reply reply(Question question, ReplyListener listener, CancellationToken cancellation);

  /** Whether answers can be held to a JSON Schema. */
  boolean knowsSchemas();
}
