package io.adapt4j.core.internal.config;

import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/**
 * The special tokens of a checkpoint's {@code generation_config.json}, which generation prefers to
 * those of {@code config.json}.
 *
 * @param bosTokenId the token that begins a text, if there is one
 * @param eosTokenIds the tokens that end generation; the file may give one or several
 * @param padTokenId the token that fills finished or short rows, if there is one
 */
public record GenerationDefaults(
    OptionalInt bosTokenId, List<Integer> eosTokenIds, OptionalInt padTokenId) {

  /** Name of the file in a checkpoint folder. */
  public static final String FILE = "generation_config.json";

  /**
   * Makes defaults with their own copy of the list.
   *
   * @param bosTokenId the token that begins a text
   * @param eosTokenIds the tokens that end generation
   * @param padTokenId the token that pads rows
   */
  public GenerationDefaults {
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  /**
   * Reads a checkpoint folder's file, or, where there is none, takes the tokens of the model's
   * configuration, as Transformers does.
   *
   * @param folder the checkpoint folder
   * @param config the model's configuration
   * @return the defaults
   * @throws CheckpointException if the file is malformed
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
