package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of models whose configuration is in the words of Transformers 5. */
class VersionFiveFilesTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "qwen3_moe | num_experts | {\"num_local_experts\": \"num_experts\"} | {}",
        "granite_hybrid | layer_types | {} | {\"layer_types\": [\"linear_attention\","
            + " \"full_attention\", \"linear_attention\", \"linear_attention\"],"
            + " \"time_step_limit\": [0.0, {\"__float__\": \"Infinity\"}]}",
        "granite_attention | layer_types | {} | {\"layer_types\": [\"full_attention\","
            + " \"full_attention\"]}",
        "bamba | attn_layer_indices | {} | {\"layer_types\": [\"linear_attention\","
            + " \"full_attention\", \"linear_attention\"]}",
        "falcon_h1 | rope_theta | {} | {\"layer_types\": [\"hybrid\", \"hybrid\"],"
            + " \"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 10000.0}}",
        "olmo3 | rope_theta | {} | {\"rope_parameters\": {\"full_attention\": {\"rope_type\":"
            + " \"default\", \"rope_theta\": 500000.0}, \"sliding_attention\": {\"rope_type\":"
            + " \"default\", \"rope_theta\": 500000.0}}}",
      })
  void theFileIsThatOfTheSameModelInTheWordsOfVersionFour(
      String name, String removed, String renamed, String added) throws IOException {
    Path earlier = RandomModels.write(name, folder.resolve("earlier"));
    Path later = folder.resolve("later");
    GoldenFolders.copy(earlier, later);
    Path config = later.resolve("config.json");
    ObjectNode fields = (ObjectNode) Json.parse(Files.readString(config));
    JsonNode was = fields.deepCopy();
    fields.remove(removed);
    Json.parse(renamed)
        .properties()
        .forEach(field -> fields.set(field.getKey(), was.get(field.getValue().asText())));
    fields.setAll((ObjectNode) Json.parse(added));
    Files.writeString(config, fields.toString());
    assertThat(export(later)).hasSameBinaryContentAs(export(earlier));
  }

  private Path export(Path checkpoint) {
    Path file = folder.resolve(checkpoint.getFileName() + ".gguf");
    GgufExport.of(checkpoint)
        .name("tiny")
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F32)
        .to(file);
    return file;
  }
}
