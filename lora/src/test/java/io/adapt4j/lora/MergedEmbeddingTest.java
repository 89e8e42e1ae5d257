package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.SmallJina;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An adapter of an embedding model merges into a whole sentence-transformers folder. */
class MergedEmbeddingTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  /** Bases that are no sentence-transformers folders, and store names with a prefix or without. */
  @ParameterizedTest
  @CsvSource({
    "bert_features, pooler., pooler.",
    "bert_features, bert.pooler., pooler.",
    "roberta_mlm, roberta.pooler., roberta.pooler.",
    "roberta_mlm, pooler., roberta.pooler."
  })
  void modulesAreWrittenAndTheBasesPoolingLayerIsKept(String family, String stored, String written)
      throws IOException {
    Path base = base(family, stored);
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapter(base, "embeddings")).writeMerged(base, merged);

    JsonNode modules = JSON.readTree(merged.resolve("modules.json").toFile());
    assertThat(modules.findValuesAsText("type"))
        .containsExactly(
            "sentence_transformers.models.Transformer",
            "sentence_transformers.models.Pooling",
            "sentence_transformers.models.Normalize");
    assertThat(
            JSON.readTree(merged.resolve("1_Pooling/config.json").toFile())
                .get("pooling_mode_mean_tokens")
                .asBoolean())
        .isTrue();
    assertThat(merged.resolve("2_Normalize")).isDirectory();
    try (Checkpoint before = Checkpoint.open(base);
        Checkpoint after = Checkpoint.open(merged)) {
      for (String name : List.of("dense.weight", "dense.bias")) {
        assertThat(after.bytes(written + name)).isEqualTo(before.bytes(stored + name));
      }
    }
  }

  @Test
  void whateverTheBaseBringsIsCopied() throws IOException {
    Path base = base("bert_features", "pooler.");
    Files.createDirectories(base.resolve("1_Pooling"));
    String modules =
        """
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "name": "1", "path": "1_Pooling",
          "type": "sentence_transformers.models.Pooling"}]""";
    Files.writeString(base.resolve("modules.json"), modules);
    String pooling = "{\"word_embedding_dimension\": 32, \"pooling_mode_cls_token\": true}";
    int hidden = ModelConfig.read(base).fields().requirePositiveInt("hidden_size");
    Files.writeString(
        base.resolve("1_Pooling/config.json"), pooling.replace("32", String.valueOf(hidden)));
    Files.writeString(base.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 17}");
    Files.writeString(
        base.resolve("config_sentence_transformers.json"), "{\"prompts\": {\"query\": \"q: \"}}");
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapter(base, "embeddings")).writeMerged(base, merged);
    for (String name :
        List.of(
            "modules.json",
            "1_Pooling/config.json",
            "sentence_bert_config.json",
            "config_sentence_transformers.json")) {
      assertThat(merged.resolve(name)).hasSameBinaryContentAs(base.resolve(name));
    }
  }

  /** The base's weights are stored with matrices of tasks and its code is not copied. */
  @Test
  void jinaEmbeddingsAsPublishedAreWrittenInTransformersForm() throws IOException {
    Path base = SmallJina.write(folder.resolve("base"));
    LoraAdapter adapter = LoraAdapter.at(adapter(base, "embeddings"));
    Path merged = folder.resolve("merged");
    adapter.writeMerged(base, merged);
    assertThat(ModelConfig.read(merged).modelType()).isEqualTo("jina_embeddings_v3");
    assertThat(JSON.readTree(merged.resolve("modules.json").toFile()).findValuesAsText("type"))
        .startsWith("sentence_transformers.models.Transformer");
    try (TextEmbedder one = TextEmbedder.load(ModelSource.path(merged), Precision.FP32);
        TextEmbedder other = TextEmbedder.load(ModelSource.path(base), Precision.FP32, adapter)) {
      assertThat(one.embed("a red cat")).containsExactly(other.embed("a red cat"), within(1e-6f));
    }
  }

  @Test
  void aModelOfMaskedTokensIsNoEmbeddingModel() throws IOException {
    Path base = base("roberta_mlm", "roberta.pooler.");
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapter(base, "maskedTokens")).writeMerged(base, merged);
    assertThat(merged.resolve("modules.json")).doesNotExist();
  }

  /** A family's checkpoint with a pooling layer that its network does not use. */
  private Path base(String family, String pooler) throws IOException {
    Path from = LoraCase.family(family);
    Path base = Files.createDirectories(folder.resolve("base"));
    Files.copy(from.resolve("config.json"), base.resolve("config.json"));
    int hidden = ModelConfig.read(base).fields().requirePositiveInt("hidden_size");
    try (Checkpoint checkpoint = Checkpoint.open(from)) {
      List<TensorData> tensors = new ArrayList<>();
      for (String name : checkpoint.names()) {
        if (!name.contains("pooler.")) {
          tensors.add(
              TensorData.of(
                  name,
                  checkpoint.entry(name).type(),
                  checkpoint.entry(name).shape(),
                  () -> checkpoint.bytes(name)));
        }
      }
      long width = hidden;
      tensors.add(pooler(pooler + "dense.weight", List.of(width, width)));
      tensors.add(pooler(pooler + "dense.bias", List.of(width)));
      SafetensorsWriter.create().writeModel(base, tensors);
    }
    return base;
  }

  private static TensorData pooler(String name, List<Long> shape) {
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    ByteBuffer values = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      values.putFloat(i * 0.25f - 3);
    }
    return TensorData.of(name, StoredType.F32, shape, values::flip);
  }

  private Path adapter(Path base, String task) throws IOException {
    Path adapter = folder.resolve("adapter");
    try (Network network = Architectures.declare(ModelConfig.read(base))) {
      network.allocate(DType.F32);
      Weights.randomize(network, 1);
      try (Adaptation adaptation = Methods.of(Lora.rank(2)).attach(network, base, 1)) {
        adaptation.save(adapter);
      }
    }
    ObjectNode record = JSON.createObjectNode();
    record.putObject("configuration").put("task", task);
    Provenance.of(adapter.resolve(Provenance.FILE), record).write();
    return adapter;
  }
}
