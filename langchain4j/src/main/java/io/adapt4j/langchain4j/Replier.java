package io.adapt4j.langchain4j;

import io.adapt4j.core.generate.CancellationToken;
import java.util.List;
import java.util.Optional;

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

  /** The names of the adapters that can be asked instead. */
  default List<String> adapterNames() {
    return List.of();
  }

  /** What answers with one of its adapters alone; empty where there is none of the name. */
  default Optional<Replier> withAdapter(String name) {
    return Optional.empty();
  }
}
