package io.adapt4j.lora.internal.peft;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The classification head that a PEFT adapter provides for a base without one. PEFT leaves the
 * number of classes to the caller that loads the base; here it is read from the layer's weight.
 */
public final class ClassOutput {

  private static final Map<String, OutputLayer> TASKS =
      Map.of("SEQ_CLS", OutputLayer.CLASSES, "TOKEN_CLS", OutputLayer.TOKEN_CLASSES);

  private static final Map<OutputLayer, String> ENDINGS =
      Map.of(
          OutputLayer.CLASSES, "ForSequenceClassification",
          OutputLayer.TOKEN_CLASSES, "ForTokenClassification");

  /** Names in Transformers of weights with a row per class; the first one present counts. */
  private static final List<String> WEIGHTS =
      List.of("classifier.out_proj.weight", "classifier.weight", "score.weight");

  private ClassOutput() {}

  /**
   * Returns the configuration of the classifier that an adapter turns a base into; empty if it does
   * not.
   */
  public static Optional<ModelConfig> of(Path folder, ModelConfig base) {
    Path file = folder.resolve(PeftFolder.CONFIG);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    OutputLayer layer =
        TASKS.get(ConfigReader.read(file).optionalText("task_type").orElse("CAUSAL_LM"));
    if (layer == null || ENDINGS.keySet().stream().anyMatch(output -> output.isOf(base))) {
      return Optional.empty();
    }
    OptionalInt classes = classes(folder);
    return classes.isEmpty()
        ? Optional.empty()
        : Optional.of(config(base, layer, classes.getAsInt()));
  }

  private static ModelConfig config(ModelConfig base, OutputLayer layer, int classes) {
    ObjectNode names = JsonNodeFactory.instance.objectNode();
    ObjectNode numbers = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < classes; i++) {
      names.put(Integer.toString(i), "LABEL_" + i);
      numbers.put("LABEL_" + i, i);
    }
    return base.with(
            "architectures",
            JsonNodeFactory.instance.arrayNode().add(OutputLayer.family(base) + ENDINGS.get(layer)))
        .with("id2label", names)
        .with("label2id", numbers);
  }

  private static OptionalInt classes(Path folder) {
    try (Checkpoint weights = PeftFolder.openWeights(folder)) {
      return WEIGHTS.stream()
          .map(PeftNames::base)
          .filter(weights.names()::contains)
          .mapToInt(name -> Math.toIntExact(weights.entry(name).shape().get(0)))
          .findFirst();
    } catch (CheckpointException e) {
      return OptionalInt.empty();
    }
  }
}
