package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.metadata.EmbeddingKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes the Sentence Transformers module files for a GGUF file of an encoder, or of a decoder with
 * a pooling type. Vectors are L2-normalized, as in llama.cpp's tools, unless the file states
 * otherwise.
 */
final class GgufModules {

  private static final String POOLING = "1_Pooling";
  private static final String NORMALIZE = "4_Normalize";

  /** Folders of Dense layers, keyed by their weights. */
  private static final SortedMap<String, String> DENSE =
      new TreeMap<>(
          Map.of(EmbeddingKeys.FIRST_DENSE, "2_Dense", EmbeddingKeys.SECOND_DENSE, "3_Dense"));

  /** Pooling flags of Sentence Transformers, keyed by GGUF pooling type. */
  private static final Map<Integer, String> SWITCHES =
      Map.of(
          EmbeddingKeys.MEAN, "pooling_mode_mean_tokens",
          EmbeddingKeys.FIRST, "pooling_mode_cls_token",
          EmbeddingKeys.LAST, "pooling_mode_lasttoken");

  /** Fields of each settings file. */
  private static final Map<String, List<String>> FILES =
      Map.of(
          "sentence_bert_config.json", List.of("max_seq_length", "do_lower_case"),
          "config_sentence_transformers.json",
              List.of("prompts", "default_prompt_name", "truncate_dim"));

  private static final int MOST_VALUES = 1 << 28;

  private GgufModules() {}

  static void write(GgufFamily family, GgufFile file, Path folder) throws IOException {
    GgufMetadata metadata = file.metadata();
    int pooling =
        (int)
            metadata
                .integer(family.architecture() + EmbeddingKeys.POOLING)
                .orElse(family.readsTexts() ? EmbeddingKeys.MEAN : 0);
    if (!SWITCHES.containsKey(pooling)) {
      return;
    }
    Optional<JsonNode> settings =
        metadata.string(EmbeddingKeys.SETTINGS).flatMap(EmbeddingKeys::parse);
    boolean normalizes =
        settings.map(own -> own.path(EmbeddingKeys.NORMALIZE).asBoolean(true)).orElse(true);
    ArrayNode modules = JsonNodeFactory.instance.arrayNode();
    add(modules, "", "Transformer");
    add(modules, POOLING, "Pooling");
    for (Map.Entry<String, String> layer : DENSE.entrySet()) {
      if (family.hasDense() && file.tensors().containsKey(layer.getKey())) {
        add(modules, layer.getValue(), "Dense");
        writeDense(file, layer.getKey(), folder.resolve(layer.getValue()));
      }
    }
    if (normalizes) {
      add(modules, NORMALIZE, "Normalize");
    }
    AtomicFiles.writeJson(folder.resolve("modules.json"), modules);
    ObjectNode description = JsonNodeFactory.instance.objectNode();
    metadata
        .integer(family.architecture() + ".embedding_length")
        .ifPresent(width -> description.put("word_embedding_dimension", width));
    SWITCHES.forEach((number, name) -> description.put(name, number == pooling));
    Files.createDirectories(folder.resolve(POOLING));
    AtomicFiles.writeJson(folder.resolve(POOLING).resolve("config.json"), description);
    if (settings.isPresent()) {
      for (Map.Entry<String, List<String>> entry : FILES.entrySet()) {
        ObjectNode fields = ((ObjectNode) settings.get()).deepCopy().retain(entry.getValue());
        if (!fields.isEmpty()) {
          AtomicFiles.writeJson(folder.resolve(entry.getKey()), fields);
        }
      }
    }
  }

  /** Writes a Dense layer into a separate folder, where its weights are expected. */
  private static void writeDense(GgufFile file, String name, Path folder) throws IOException {
    GgufTensor tensor = file.tensor(name);
    if (tensor.shape().size() != 2 || tensor.elements() > MOST_VALUES) {
      throw CheckpointException.inTensor(
          file.path(), name, "a matrix", "shape " + tensor.shape(), "Fetch the file again.");
    }
    float[] values = Dequantized.of(file, tensor);
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    Files.createDirectories(folder);
    List<Long> shape = List.of(tensor.shape().get(1), tensor.shape().get(0));
    SafetensorsWriter.create()
        .writeModel(
            folder,
            List.of(TensorData.of("linear.weight", StoredType.F32, shape, bytes::duplicate)));
    AtomicFiles.writeJson(
        folder.resolve("config.json"),
        JsonNodeFactory.instance
            .objectNode()
            .put("in_features", shape.get(1))
            .put("out_features", shape.get(0))
            .put("bias", false)
            .put("activation_function", "torch.nn.modules.linear.Identity"));
  }

  private static void add(ArrayNode modules, String path, String type) {
    int number = modules.size();
    modules
        .addObject()
        .put("idx", number)
        .put("name", String.valueOf(number))
        .put("path", path)
        .put("type", "sentence_transformers.models." + type);
  }
}
