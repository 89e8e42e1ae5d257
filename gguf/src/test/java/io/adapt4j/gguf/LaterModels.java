package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** Tokenizers of the dense families of 2025 and 2026. */
final class LaterModels {

  private LaterModels() {}

  /** Gives a model a tokenizer in the manner of Gemma 4, with a token for two ends of lines. */
  static Path withLines(Path model) throws IOException {
    Files.deleteIfExists(model.resolve("tokenizer.model"));
    Path own = GoldenFolders.of("llama_k");
    Files.copy(
        own.resolve("tokenizer_config.json"),
        model.resolve("tokenizer_config.json"),
        StandardCopyOption.REPLACE_EXISTING);
    ObjectNode tokenizer = (ObjectNode) Json.parse(Files.readString(own.resolve("tokenizer.json")));
    ArrayNode steps = (ArrayNode) tokenizer.path("normalizer").path("normalizers");
    steps.remove(0);
    ((ArrayNode) tokenizer.path("decoder").path("decoders")).remove(3);
    ObjectNode ids = (ObjectNode) tokenizer.path("model").path("vocab");
    String[] last = new String[2];
    ids.properties()
        .forEach(
            entry -> {
              int place = entry.getValue().asInt() - 510;
              if (place >= 0) {
                last[place] = entry.getKey();
              }
            });
    ids.remove(List.of(last));
    ids.put("\n", 510).put("\n\n", 511);
    Files.writeString(model.resolve("tokenizer.json"), Json.compact(tokenizer));
    return model;
  }
}
