package io.adapt4j.core.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.primitives.Longs;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.SentenceFolderWriter;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.provenance.Provenance;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a model folder is made of, under every fault at every call. */
class ModelWritersUnderFaultsTest {

  @TempDir private Path base;

  @BeforeEach
  void writeBase() throws Exception {
    Files.writeString(base.resolve("config.json"), "{\"model_type\": \"llama\"}");
    Files.writeString(base.resolve("tokenizer.json"), "{\"a\": 1}");
    Files.writeString(base.resolve("tokenizer_config.json"), "{\"add_prefix_space\": true}");
    Files.writeString(base.resolve("generation_config.json"), "{}");
    Files.writeString(base.resolve("chat_template.jinja"), "{{ messages }}");
  }

  private static String weights(Path folder) {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      StringBuilder text = new StringBuilder();
      for (String name : checkpoint.names()) {
        text.append(name).append(checkpoint.bytes(name).get(0)).append(' ');
      }
      return text.toString();
    }
  }

  private static TensorData tensor(String name, int value, long... shape) {
    byte[] bytes = new byte[64];
    Arrays.fill(bytes, (byte) value);
    return TensorData.of(name, StoredType.F32, Longs.asList(shape), () -> ByteBuffer.wrap(bytes));
  }

  private static List<TensorData> tensors(int value) {
    return List.of(tensor("a", value, 4, 4), tensor("b", value, 16));
  }

  private static void shards(Path folder, int value, long bytes) {
    SafetensorsWriter.create().withMaxShardBytes(bytes).writeModel(folder, tensors(value));
  }

  @Test
  void shardsOfAnotherModelAreNeverMixed() throws Exception {
    int faults =
        FaultCheck.of("shards, same names")
            .before(folder -> shards(folder, 1, 64))
            .writing(folder -> shards(folder, 2, 64))
            .reading(ModelWritersUnderFaultsTest::weights)
            .damageIsTold()
            .run();
    assertThat(faults).isGreaterThan(200);
  }

  @Test
  void shardsTakeThePlaceOfAFile() throws Exception {
    int faults =
        FaultCheck.of("shards after a file")
            .before(folder -> shards(folder, 1, 1000))
            .writing(folder -> shards(folder, 2, 64))
            .reading(ModelWritersUnderFaultsTest::weights)
            .run();
    assertThat(faults).isGreaterThan(150);
  }

  @Test
  void aFileTakesThePlaceOfShards() throws Exception {
    int faults =
        FaultCheck.of("file after shards")
            .before(folder -> shards(folder, 1, 64))
            .writing(folder -> shards(folder, 2, 1000))
            .reading(ModelWritersUnderFaultsTest::weights)
            .run();
    assertThat(faults).isGreaterThan(100);
  }

  private void checkpoint(Path folder, int value) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("model_type", "llama").put("value", value);
    CheckpointFolder.write(folder, base, config, tensors(value));
  }

  private static String config(Path folder) throws Exception {
    return Json.compact(Json.parse(Files.readString(folder.resolve("config.json"))));
  }

  @Test
  void aCheckpointInAFolderOfItsOwn() throws Exception {
    int faults =
        FaultCheck.of("new checkpoint")
            .writing(folder -> checkpoint(folder.resolve("m"), 2))
            .reading(
                folder ->
                    Files.exists(folder.resolve("m/config.json"))
                        ? config(folder.resolve("m")) + weights(folder.resolve("m"))
                        : "none")
            .keeping("m")
            .run();
    assertThat(faults).isGreaterThan(300);
  }

  @Test
  void aCheckpointInThePlaceOfAnother() throws Exception {
    int faults =
        FaultCheck.of("checkpoint replaced")
            .before(folder -> checkpoint(folder, 1))
            .writing(folder -> checkpoint(folder, 2))
            .reading(folder -> config(folder) + weights(folder))
            .damageIsTold()
            .run();
    assertThat(faults).isGreaterThan(300);
  }

  @Test
  void aCheckpointInThePlaceOfAnotherAfterASweep() throws Exception {
    int faults =
        FaultCheck.of("checkpoint replaced, read after a sweep")
            .before(folder -> checkpoint(folder, 1))
            .writing(folder -> checkpoint(folder, 2))
            .reading(
                folder -> {
                  Temporaries.sweep(folder);
                  return config(folder) + weights(folder);
                })
            .run();
    assertThat(faults).isGreaterThan(300);
  }

  @Test
  void theRecordOfARun() throws Exception {
    int faults =
        FaultCheck.of("provenance")
            .before(folder -> provenance(folder, 1).write())
            .writing(folder -> provenance(folder, 2).write())
            .reading(folder -> Provenance.read(folder).json().path("seed").asText())
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  private static Provenance provenance(Path folder, int seed) {
    return Provenance.of(
        folder.resolve(Provenance.FILE), JsonNodeFactory.instance.objectNode().put("seed", seed));
  }

  @Test
  void aChatTemplate() throws Exception {
    Files.writeString(base.resolve("chat_template.jinja"), "new {{ messages }}");
    ChatTemplate template = ChatTemplate.read(base);
    int faults =
        FaultCheck.of("chat template")
            .before(
                folder ->
                    Files.writeString(
                        folder.resolve("tokenizer_config.json"),
                        "{\"chat_template\": \"old\", \"other\": 1}"))
            .writing(template::save)
            .reading(folder -> ChatTemplate.find(folder).map(ChatTemplate::digest).orElse("none"))
            .run();
    assertThat(faults).isGreaterThan(100);
  }

  @Test
  void theModulesOfAnEmbeddingModel() throws Exception {
    int faults =
        FaultCheck.of("modules of an embedding model")
            .writing(folder -> SentenceFolderWriter.write(folder, base, 8))
            .reading(
                folder -> {
                  SentenceFolder found = SentenceFolder.read(folder);
                  return found.hasModules() + " " + found.after().size();
                })
            .keeping("1_Pooling.*|2_Normalize|modules.json")
            .run();
    assertThat(faults).isGreaterThan(100);
  }
}
