package io.adapt4j.rag.embed;

import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.Secrets;
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

  /** A text of the server without the secrets that were sent to it. */
  String withoutSecrets(String text) {
    String clean = key.map(secret -> text.replace(secret, Secrets.HIDDEN)).orElse(text);
    return Secrets.hideInAddresses(clean);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "EmbeddingSettings[" + shown() + ", " + model + "]";
  }
}
