package io.adapt4j.core.internal.nn.weights;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import io.adapt4j.core.internal.tokenize.TokenizerFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** Writes complete Hugging Face checkpoint folders. */
public final class CheckpointFolder {

  /** Files that belong to a model but do not depend on its weights, except for the tokenizer's. */
  private static final List<String> COMPANIONS =
      List.of(
          GenerationDefaults.FILE,
          "chat_template.jinja",
          "chat_template.json",
          "normalizer.json",
          "preprocessor_config.json",
          "processor_config.json",
          "video_preprocessor_config.json");

  /** Age at which unfinished files are considered abandoned; no save takes that long. */
  private static final Duration ABANDONED = Duration.ofHours(24);

  private CheckpointFolder() {}

  /**
   * Writes weights and configuration, and copies the tokenizer and generation files of the base.
   * Settings that would keep Transformers from loading the tokenizer are removed from its
   * configuration. For a decoder that classifies texts, the model's padding token is set, by which
   * Transformers finds the end of a text. All files appear together: a kill or a power failure
   * leaves the old model, the new one, or none that could be loaded.
   */
  public static void write(Path folder, Path base, ModelConfig config, List<TensorData> tensors) {
    write(folder, base, config.toJson(), tensors);
  }

  /**
   * Writes a model like {@link #write(Path, Path, ModelConfig, List)}, including the tensors of its
   * base that this library does not use but that the model's class in Transformers has, and those
   * of an image tower that was joined. Experts that the base stores in MXFP4 are written unchanged
   * if none of them was trained.
   */
  public static void write(
      Path folder, Path base, ModelConfig config, Network network, StoredType type) {
    List<TensorData> tensors = new ArrayList<>(Weights.tensors(network, type));
    if (!Checkpoint.exists(base)) {
      write(folder, base, config, tensors);
      return;
    }
    try (Checkpoint checkpoint = network.modelConfig().openWeights(base)) {
      network
          .pictureEncoder()
          .ifPresent(encoder -> tensors.addAll(encoder.tensors(checkpoint, type)));
      Set<String> names = tensors.stream().map(TensorData::name).collect(Collectors.toSet());
      Weights.kept(network, checkpoint, type).stream()
          .filter(tensor -> !names.contains(tensor.name()))
          .forEach(tensors::add);
      Optional<FourBitExperts.Model> model = FourBitExperts.unchanged(config, tensors, checkpoint);
      if (model.isPresent()) {
        write(folder, base, model.get().config(), model.get().tensors());
      } else {
        write(folder, base, config, tensors);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Reading the weights of " + base + " failed", e);
    }
  }

  /**
   * Writes like {@link #write(Path, Path, ModelConfig, List)}, but with a configuration that this
   * build does not load, such as one of quantized weights.
   */
  public static void write(Path folder, Path base, JsonNode config, List<TensorData> tensors) {
    try (FileTransaction transaction = new FileTransaction()) {
      Disk.createFolders(folder);
      Temporaries.sweepOlderThan(folder, ABANDONED);
      SafetensorsWriter.create().stageModel(transaction, folder, ExpertStacks.join(tensors));
      stageCompanions(transaction, base, folder, config);
      // Last: without it, the other files are not a model.
      Files.writeString(transaction.stage(folder.resolve(ModelConfig.FILE)), Json.indented(config));
      transaction.commit();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Writing the checkpoint " + folder + " failed: " + WriteFailure.explain(folder, e) + ".",
          e);
    }
  }

  private static void stageCompanions(
      FileTransaction transaction, Path base, Path folder, JsonNode config) throws IOException {
    if (Files.exists(folder) && Files.isSameFile(base, folder)) {
      return;
    }
    for (String name : COMPANIONS) {
      Path source = base.resolve(name);
      if (Files.isRegularFile(source)) {
        Files.write(transaction.stage(folder.resolve(name)), Files.readAllBytes(source));
      }
    }
    String modelType = config.path("model_type").asText("");
    TokenizerFiles.stage(transaction, folder, base, modelType, pooledBy(config, modelType));
  }

  /**
   * Returns the padding token by which Transformers finds the end of a text in a decoder that
   * classifies texts.
   */
  private static OptionalInt pooledBy(JsonNode config, String modelType) {
    String name = config.path("architectures").path(0).asText("");
    JsonNode padding = config.path("pad_token_id");
    boolean pools =
        name.endsWith(OutputLayer.CLASSES.suffix()) && !OutputLayer.isEncoder(modelType);
    return pools && padding.canConvertToInt() && padding.intValue() >= 0
        ? OptionalInt.of(padding.intValue())
        : OptionalInt.empty();
  }
}
