package io.adapt4j.rag.embed;

import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.Sleeper;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** What is to be known of a server of embeddings. */
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

  /** The address for messages: a query may hold a key. */
  String shown() {
    return endpoint.toString().replaceFirst("\\?.*", "");
  }

  AnswerLimit answerLimit() {
    return new AnswerLimit(
        shown(),
        maxAnswerBytes,
        "OpenAiEmbeddings.Builder.maxAnswerBytes, or send fewer texts a request (batch)");
  }

  /** A text of the server without the key that was sent to it. */
  String withoutSecrets(String text) {
    return key.map(secret -> text.replace(secret, "(hidden)")).orElse(text);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "EmbeddingSettings[" + shown() + ", " + model + "]";
  }
}
