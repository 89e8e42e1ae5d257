package io.adapt4j.core.internal.tokenize;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Copies the base model's tokenizer files to a saved model, changed only if Transformers could not
 * load them or would pad with a different token than the model does.
 */
public final class TokenizerFiles {

  private static final String TOKENIZER = "tokenizer.json";
  private static final String CONFIG = "tokenizer_config.json";
  private static final String SPECIAL_TOKENS = "special_tokens_map.json";
  private static final String SENTENCE_PIECE = "tokenizer.model";
  private static final String PAD = "pad_token";

  private static final List<String> COPIED =
      List.of(TOKENIZER, "added_tokens.json", "vocab.json", "merges.txt", SENTENCE_PIECE);

  /**
   * Fields that make {@code LlamaTokenizerFast} read {@code tokenizer.model} instead of {@code
   * tokenizer.json}, whatever their value.
   */
  private static final List<String> READING_SENTENCE_PIECE =
      List.of("add_prefix_space", "from_slow");

  private static final Set<String> LLAMA_CLASSES = Set.of("LlamaTokenizer", "LlamaTokenizerFast");

  /** Model types that use this tokenizer class if the files name none. */
  private static final Set<String> LLAMA_FAMILIES = Set.of("llama", "mistral", "mixtral", "phi3");

  private TokenizerFiles() {}

  /**
   * Adds the files to a transaction so that Transformers' {@code AutoTokenizer} produces the same
   * tokens as {@link Tokenizer}.
   */
  public static void stage(
      FileTransaction transaction, Path folder, Path base, String modelType, OptionalInt paddingId)
      throws IOException {
    for (String name : COPIED) {
      copy(transaction, base.resolve(name), folder.resolve(name));
    }
    Optional<String> pad = padToSet(base, paddingId);
    Path file = base.resolve(CONFIG);
    ObjectNode fields = read(file);
    boolean changed = pad.isPresent();
    pad.ifPresent(token -> fields.put(PAD, token));
    if (!Files.exists(base.resolve(SENTENCE_PIECE)) && isLlama(fields, modelType)) {
      for (String name : READING_SENTENCE_PIECE) {
        changed |= fields.remove(name) != null;
      }
    }
    write(transaction, file, folder.resolve(CONFIG), fields, changed);
    Path map = base.resolve(SPECIAL_TOKENS);
    ObjectNode tokens = read(map);
    boolean padsOtherwise = pad.isPresent() && tokens.has(PAD);
    pad.filter(token -> padsOtherwise).ifPresent(token -> tokens.put(PAD, token));
    write(transaction, map, folder.resolve(SPECIAL_TOKENS), tokens, padsOtherwise);
  }

  private static boolean isLlama(ObjectNode fields, String modelType) {
    String name = fields.path("tokenizer_class").asText("");
    return name.isEmpty() ? LLAMA_FAMILIES.contains(modelType) : LLAMA_CLASSES.contains(name);
  }

  /** Returns the padding token that the files should name but do not. */
  private static Optional<String> padToSet(Path base, OptionalInt paddingId) {
    if (paddingId.isEmpty() || !Files.isRegularFile(base.resolve(TOKENIZER))) {
      return Optional.empty();
    }
    try (Tokenizer tokenizer = Tokenizer.load(base)) {
      return tokenizer.padId().equals(paddingId)
          ? Optional.empty()
          : Optional.of(tokenizer.token(paddingId.getAsInt()));
    }
  }

  private static ObjectNode read(Path file) {
    return Files.isRegularFile(file)
        ? ConfigReader.read(file).json()
        : ConfigReader.parse(file, "{}").json();
  }

  private static void write(
      FileTransaction transaction, Path from, Path to, ObjectNode fields, boolean changed)
      throws IOException {
    if (changed) {
      Files.writeString(transaction.stage(to), Json.indented(fields));
    } else {
      copy(transaction, from, to);
    }
  }

  private static void copy(FileTransaction transaction, Path from, Path to) throws IOException {
    if (Files.isRegularFile(from)) {
      Files.write(transaction.stage(to), Files.readAllBytes(from));
    }
  }
}
