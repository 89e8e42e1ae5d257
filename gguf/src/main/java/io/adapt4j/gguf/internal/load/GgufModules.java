package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.family.EmbeddingKeys;
import io.adapt4j.gguf.internal.family.GgufFamily;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a text becomes a vector, as the files of a sentence-transformers folder say it: of encoders,
 * and of decoders whose files name a pooling. Vectors have length 1, as llama.cpp's tools make
 * them, unless the file says otherwise.
 */
final class GgufModules {

  private static final String POOLING = "1_Pooling";
  private static final String NORMALIZE = "2_Normalize";

  /** The switches of poolings, by their numbers in files. */
  private static final Map<Integer, String> SWITCHES =
      Map.of(
          EmbeddingKeys.MEAN, "pooling_mode_mean_tokens",
          EmbeddingKeys.FIRST, "pooling_mode_cls_token",
          EmbeddingKeys.LAST, "pooling_mode_lasttoken");

  /** Which fields are in which file. */
  private static final Map<String, List<String>> FILES =
      Map.of(
          "sentence_bert_config.json", List.of("max_seq_length", "do_lower_case"),
          "config_sentence_transformers.json",
              List.of("prompts", "default_prompt_name", "truncate_dim"));

  private GgufModules() {}

  static void write(GgufFamily family, GgufMetadata metadata, Path folder) throws IOException {
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
      for (Map.Entry<String, List<String>> file : FILES.entrySet()) {
        ObjectNode fields = ((ObjectNode) settings.get()).deepCopy().retain(file.getValue());
        if (!fields.isEmpty()) {
          AtomicFiles.writeJson(folder.resolve(file.getKey()), fields);
        }
      }
    }
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
