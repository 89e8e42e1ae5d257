package io.adapt4j.core;

import io.adapt4j.core.config.ModelConfig;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.tokenize.TokenizerException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;

/** Whether a model has a row of its embedding for every token of its tokenizer. */
final class TokenizerFit {

  private TokenizerFit() {}

  /**
   * Refuses a tokenizer that gives ids the model does not know: they would fail in the middle of a
   * text or a training run.
   *
   * @throws TokenizerException naming both files, both sizes and the first token that does not fit
   */
  static void require(Path folder, Network network, Tokenizer tokenizer) {
    int rows = network.dimensions().vocabularySize();
    int ids = tokenizer.vocabularySize();
    if (ids <= rows) {
      return;
    }
    throw new TokenizerException(
        folder.resolve("tokenizer.json")
            + ": expected at most "
            + rows
            + " tokens, the vocab_size in "
            + folder.resolve(ModelConfig.FILE)
            + ", found "
            + ids
            + "; the first that the model does not know is "
            + first(tokenizer, rows)
            + ". Use the tokenizer that belongs to the model. If tokens were added to it, take them"
            + " out of the file, or enlarge the model's embedding first"
            + " (resize_token_embeddings in Transformers)");
  }

  /** Ids may be left out; the largest one is not. */
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
