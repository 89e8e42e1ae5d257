package io.adapt4j.core.internal.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * The special tokens of a checkpoint's {@code generation_config.json}, which generation prefers to
 * those of {@code config.json}.
 */
public record GenerationDefaults(
    OptionalInt bosTokenId, List<Integer> eosTokenIds, OptionalInt padTokenId) {

  /** Name of the file in a checkpoint folder. */
  public static final String FILE = "generation_config.json";

  /** Makes defaults with their own copy of the list. */
  public GenerationDefaults {
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  /**
   * Reads a checkpoint folder's file, or, where there is none, takes the tokens of the model's
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
