package io.adapt4j.lora.internal.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorFile;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import io.adapt4j.core.internal.provenance.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * An adapter folder in PEFT's layout: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}. Fields and defaults are those of PEFT 0.17 to 0.20.
 *
 * @see <a href="https://huggingface.co/docs/peft/developer_guides/checkpoint">PEFT checkpoint
 *     format</a>
 */
public final class PeftFolder {

  public static final String CONFIG = "adapter_config.json";

  /** Age of a temporary file beyond which its writer is gone. */
  private static final Duration ABANDONED = Duration.ofHours(24);

  public static final String WEIGHTS = "adapter_model.safetensors";

  private static final Set<String> TASK_TYPES =
      Set.of("CAUSAL_LM", "SEQ_2_SEQ_LM", "SEQ_CLS", "TOKEN_CLS", "FEATURE_EXTRACTION");

  private PeftFolder() {}

  /**
   * Returns the hash of the chat template an adapter was trained with: from the folder's {@code
   * provenance.json}, else of the template in the folder.
   */
  public static Optional<String> chatTemplateDigest(Path folder) {
    Optional<Provenance> record = Provenance.find(folder);
    return record.isPresent()
        ? record.get().chatTemplate()
        : ChatTemplate.find(folder).map(ChatTemplate::digest);
  }

  /** Returns the names of the stored tensors; none if the weights cannot be opened. */
  public static Set<String> storedNames(Path folder) {
    if (!Files.exists(folder.resolve(WEIGHTS))) {
      return Set.of();
    }
    try (Checkpoint weights = openWeights(folder)) {
      return Set.copyOf(weights.names());
    } catch (CheckpointException e) {
      return Set.of();
    }
  }

  /** Rejects an adapter with problems. */
  public static void requireNone(List<String> problems) {
    if (!problems.isEmpty()) {
      throw new CheckpointException(String.join("\n", problems));
    }
  }

  /** Rejects an adapter of another kind. */
  public static void requireType(ConfigReader fields, String type) {
    String found = fields.requireText("peft_type");
    if (found.equals(type)) {
      return;
    }
    List<AdapterKind> kinds = AdapterKind.all();
    Optional<String> reader =
        kinds.stream()
            .filter(kind -> kind.peftType().equals(found))
            .map(AdapterKind::reader)
            .findFirst();
    throw fields.invalid(
        "peft_type",
        reader.isEmpty() ? "one of " + kinds.stream().map(AdapterKind::peftType).toList() : type,
        reader.isEmpty()
            ? "Adapters of other kinds are not read; train one of these, or merge the adapter into its"
                + " base with PEFT."
            : "Read this adapter with " + reader.get() + ".");
  }

  /** Rejects an adapter for an unsupported kind of model. */
  public static void requireTask(ConfigReader fields) {
    if (!TASK_TYPES.contains(fields.optionalText("task_type").orElse("CAUSAL_LM"))) {
      throw fields.invalid(
          "task_type",
          "null or one of " + TASK_TYPES.stream().sorted().toList(),
          "This adapter is for a kind of model that is not supported.");
    }
  }

  public static boolean isSet(JsonNode value) {
    boolean unset =
        value.isNull()
            || (value.isBoolean() && !value.booleanValue())
            || (value.isContainerNode() && value.isEmpty());
    return !unset;
  }

  /** Returns the configuration of a classification model, if the adapter's folder has one. */
  public static Optional<ModelConfig> classConfig(Path folder) {
    return Optional.of(folder.resolve(ModelConfig.FILE))
        .filter(Files::exists)
        .map(file -> ModelConfig.read(folder))
        .filter(
            modelConfig ->
                OutputLayer.CLASSES.isOf(modelConfig)
                    || OutputLayer.TOKEN_CLASSES.isOf(modelConfig));
  }

  public static Checkpoint openWeights(Path folder) {
    return openWeights(folder, file -> file);
  }

  /** Opens the weights through a view of the file. */
  public static Checkpoint openWeights(Path folder, UnaryOperator<TensorFile> view) {
    if (!Files.exists(folder.resolve(WEIGHTS))
        && Files.exists(folder.resolve("adapter_model.bin"))) {
      throw new CheckpointException(
          folder
              + ": expected "
              + WEIGHTS
              + ", found only the pickled adapter_model.bin. Pickle files are refused because"
              + " loading one can run any code its author put in; load the adapter with PEFT where"
              + " you trust it and call save_pretrained(folder, safe_serialization=True).");
    }
    return Checkpoint.openFile(folder.resolve(WEIGHTS), view);
  }

  /** Writes both files together, or neither. */
  public static void write(Path folder, ObjectNode config, List<TensorData> tensors) {
    try (FileTransaction transaction = new FileTransaction()) {
      Temporaries.sweepOlderThan(folder, ABANDONED);
      SafetensorsWriter.create().writeFile(transaction.stage(folder.resolve(WEIGHTS)), tensors);
      Files.writeString(transaction.stage(folder.resolve(CONFIG)), Json.indented(config));
      transaction.commit();
    } catch (IOException e) {
      throw new CheckpointException(
          folder + ": writing the adapter failed: " + WriteFailure.explain(folder, e) + ".", e);
    }
  }

  public static ArrayNode array(List<String> texts) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    texts.forEach(array::add);
    return array;
  }
}
