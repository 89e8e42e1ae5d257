package io.adapt4j.serve.version;

import io.adapt4j.core.LanguageModel;
import java.util.Optional;

/**
 * A model whose version may change while it is served, such as an alias of a registry. Every answer
 * names the version that gave it. Called by several threads.
 */
public interface VersionedModel {

  /**
   * A version in use for an answer.
   *
   * @param model the version, usable until it is released
   * @param name what names it in answers, of visible ASCII characters, such as {@code
   *     support@3+sha256:...}
   * @param release called once after the answer
   */
  record Version(LanguageModel model, String name, Runnable release) {}

  /**
   * Chooses the version that answers a request.
   *
   * @param key identity of who asks, which should keep its version
   * @return the version
   */
  Version version(String key);

  /**
   * Returns a version that answers a copy of a request after its reply.
   *
   * @return the version; empty for no copy
   */
  default Optional<Version> shadow() {
    return Optional.empty();
  }
}
