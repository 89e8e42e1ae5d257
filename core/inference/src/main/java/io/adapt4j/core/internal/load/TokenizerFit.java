package io.adapt4j.core.internal.load;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks that a model has an embedding row for every token of its tokenizer. */
public final class TokenizerFit {

  private static final Logger LOG = LoggerFactory.getLogger(TokenizerFit.class);

  private TokenizerFit() {}

  /**
   * Rejects a tokenizer with ids that the model does not have: they would fail in the middle of a
   * text or a training run. Tokens that were added to the vocabulary only cause a warning:
   * published models have some that no text contains, such as Gemma 3's for images.
   */
  public static void require(Path folder, Network network, Tokenizer tokenizer) {
    int rows = network.dimensions().vocabularySize();
    int ids = tokenizer.vocabularySize();
    if (ids <= rows) {
      return;
    }
    if (areAdded(folder, rows)) {
      LOG.warn(
          "{} has added tokens that the model's embedding of {} rows does not know, from {} on; a"
              + " text that holds one of them is refused",
          folder.resolve("tokenizer.json"),
          rows,
          first(tokenizer, rows));
      return;
    }
    throw new CheckpointException(
        ("%s: expected at most %s tokens, the vocab_size in %s, found %s; the first that the"
                + " model does not know is %s. Use the tokenizer that belongs to the model. If"
                + " tokens were added to it, take them out of the file, or enlarge the model's"
                + " embedding first (resize_token_embeddings in Transformers)")
            .formatted(
                folder.resolve("tokenizer.json"),
                rows,
                folder.resolve(ModelConfig.FILE),
                ids,
                first(tokenizer, rows)));
  }

  /** Returns whether every token that the model lacks was added to the vocabulary. */
  private static boolean areAdded(Path folder, int rows) {
    try {
      JsonNode file = Json.parse(Files.readString(folder.resolve("tokenizer.json")));
      for (JsonNode id : file.path("model").path("vocab")) {
        if (id.isInt() && id.intValue() >= rows) {
          return false;
        }
      }
      return !(file.path("model").path("vocab").isArray()
          && file.path("model").path("vocab").size() > rows);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Describes the first such token. Ids may have gaps, but the largest one exists. */
  private static String first(Tokenizer tokenizer, int from) {
    return IntStream.range(from, tokenizer.vocabularySize())
        .mapToObj(id -> named(tokenizer, id))
        .flatMap(Optional::stream)
        .findFirst()
        .orElse("unnamed");
  }

  private static Optional<String> named(Tokenizer tokenizer, int id) {
    try {
      return Optional.of("'" + tokenizer.token(id) + "' with the id " + id);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
