package io.adapt4j.langchain4j;

import io.adapt4j.core.generate.CancellationToken;
import java.util.List;
import java.util.Optional;

/** Source of answers: a model, or any text generator. */
interface Replier {

  /**
   * Refuses unsupported requests before anything is generated, with an UnsupportedFeatureException.
   */
  void check(Question question);

  /** Answers a request. */
  Reply reply(Question question, ReplyListener listener, CancellationToken cancellation);

  /** Returns whether answers can be constrained to a JSON Schema. */
  boolean knowsSchemas();

  /** The names of the adapters that can be requested instead. */
  default List<String> adapterNames() {
    return List.of();
  }

  /** Returns the replier with one of its adapters; empty if there is none of the name. */
  default Optional<Replier> withAdapter(String name) {
    return Optional.empty();
  }
}
