package io.adapt4j.core.task;

import java.net.URI;
import java.util.Objects;
import java.util.Optional;

/**
 * A teacher behind an OpenAI-compatible server that returns log-probabilities of prompts with token
 * ids: Adapt4J's own, vLLM or SGLang. Its tokenizer must be the student's. See {@link
 * Task#distillation(TeacherServer, java.nio.file.Path, int)}.
 *
 * @param address the server's address up to the version, such as {@code http://localhost:8000/v1}
 * @param model the model's name on the server
 * @param apiKeyFrom environment variable with the API key; empty without a key
 */
public record TeacherServer(URI address, String model, Optional<String> apiKeyFrom) {

  /**
   * Checks the values. Throws {@link IllegalArgumentException} if the address is not an http or
   * https address without a user and a password, or the model is blank.
   */
  public TeacherServer {
    Objects.requireNonNull(apiKeyFrom, "apiKeyFrom");
    String scheme = String.valueOf(address.getScheme());
    if (!scheme.matches("(?i)https?")
        || address.getHost() == null
        || address.getUserInfo() != null) {
      throw new IllegalArgumentException(
          "address: expected one such as http://localhost:8000/v1, without user and password");
    }
    if (model.isBlank()) {
      throw new IllegalArgumentException("model: expected a name, found a blank one");
    }
  }

  /**
   * Returns a server that needs no API key.
   *
   * @param address the server's address up to the version
   * @param model the model's name on the server
   * @return the server
   */
  public static TeacherServer at(URI address, String model) {
    return new TeacherServer(address, model, Optional.empty());
  }

  /**
   * Returns the server with an API key, which is read when the server is asked.
   *
   * @param variable an environment variable that holds the key
   * @return a changed copy
   */
  public TeacherServer apiKeyFrom(String variable) {
    return new TeacherServer(address, model, Optional.of(variable));
  }
}
