package io.adapt4j.rag.embed;

import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.Secrets;
import io.adapt4j.core.internal.http.Sleeper;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** Settings of an embedding server. */
record EmbeddingSettings(
    URI endpoint,
    String model,
    Optional<String> key,
    Prompts prompts,
    int batch,
    OptionalInt dimension,
    Duration timeout,
    int retries,
    long maxAnswerBytes,
    Sleeper sleeper) {

  /** Returns the address without its query, which may hold a key, for messages. */
  String shown() {
    return endpoint.toString().replaceFirst("\\?.*", "");
  }

  AnswerLimit answerLimit() {
    return new AnswerLimit(
        shown(),
        maxAnswerBytes,
        "OpenAiEmbeddings.Builder.maxAnswerBytes, or send fewer texts a request (batch)");
  }

  /** Removes the secrets that were sent to the server from one of its texts. */
  String withoutSecrets(String text) {
    String clean = key.map(secret -> text.replace(secret, Secrets.HIDDEN)).orElse(text);
    return Secrets.hideInAddresses(clean);
  }

  /** Returns the settings without the key. */
  @Override
  public String toString() {
    return "EmbeddingSettings[" + shown() + ", " + model + "]";
  }
}
