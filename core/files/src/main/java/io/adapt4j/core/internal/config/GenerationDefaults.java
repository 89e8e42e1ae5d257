package io.adapt4j.core.internal.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * Special tokens of a checkpoint's {@code generation_config.json}, which take precedence over those
 * of {@code config.json} in generation.
 */
public record GenerationDefaults(
    OptionalInt bosTokenId, List<Integer> eosTokenIds, OptionalInt padTokenId) {

  /** Name of the file in a checkpoint folder. */
  public static final String FILE = "generation_config.json";

  /** Copies the list. */
  public GenerationDefaults {
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  /**
   * Reads a checkpoint folder's file or, if there is none, uses the tokens of the model's
   * configuration, as Transformers does.
   */
  public static GenerationDefaults read(Path folder, ModelConfig config) {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return new GenerationDefaults(config.bosTokenId(), config.eosTokenIds(), config.padTokenId());
    }
    TokenIds ids = TokenIds.read(ConfigReader.read(file));
    return new GenerationDefaults(ids.bos(), ids.eos(), ids.pad());
  }
}
