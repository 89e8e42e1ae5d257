package io.adapt4j.core.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.checkpoint.SafetensorsWriter;
import io.adapt4j.core.checkpoint.TensorData;
import io.adapt4j.core.config.GenerationDefaults;
import io.adapt4j.core.config.ModelConfig;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes complete Hugging Face checkpoint folders. */
public final class CheckpointFolder {

  /** Files that belong to a model but do not change when its weights do. */
  private static final List<String> COMPANIONS =
      List.of(
          GenerationDefaults.FILE,
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "tokenizer.model",
          "chat_template.jinja",
          "chat_template.json");

  private CheckpointFolder() {}

  /**
   * Writes weights and configuration, and copies the tokenizer and generation files of the base.
   *
   * @param folder where to; created if absent
   * @param base the folder the model came from
   * @param config the configuration to write
   * @param tensors the weights
   * @throws UncheckedIOException if writing fails; files already in the folder stay as they were
   */
  public static void write(Path folder, Path base, ModelConfig config, List<TensorData> tensors) {
    write(folder, base, tensors, () -> config.save(folder));
  }

  /**
   * Writes as {@link #write(Path, Path, ModelConfig, List)} does, with a configuration that this
   * build does not load, such as one of quantised weights.
   *
   * @param folder where to; created if absent
   * @param base the folder the model came from
   * @param config the content of config.json
   * @param tensors the weights
   * @throws UncheckedIOException if writing fails; files already in the folder stay as they were
   */
  public static void write(Path folder, Path base, JsonNode config, List<TensorData> tensors) {
    write(
        folder,
        base,
        tensors,
        () -> AtomicFiles.writeJson(folder.resolve(ModelConfig.FILE), config));
  }

  /** Writes the configuration. */
  private interface ConfigStep {
    void run() throws IOException;
  }

  private static void write(
      Path folder, Path base, List<TensorData> tensors, ConfigStep writeConfig) {
    try {
      Files.createDirectories(folder);
      SafetensorsWriter.create().writeModel(folder, tensors);
      writeConfig.run();
      copyCompanions(base, folder);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Writing the checkpoint " + folder + " failed: " + WriteFailure.explain(folder, e) + ".",
          e);
    }
  }

  private static void copyCompanions(Path base, Path folder) throws IOException {
    if (Files.exists(folder) && Files.isSameFile(base, folder)) {
      return;
    }
    for (String name : COMPANIONS) {
      Path source = base.resolve(name);
      if (Files.isRegularFile(source)) {
        AtomicFiles.copy(source, folder.resolve(name));
      }
    }
  }
}
