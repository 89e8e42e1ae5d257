package io.adapt4j.core;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.TestNetworks;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Embeddings of jina-embeddings-v3 as it is published, beside the form of Transformers. */
class TaskEmbedderTest {

  private static final String TEXT = "a red cat sat";
  private static final String ORIGINAL = ".parametrizations.weight.original";

  @TempDir private Path folder;
  private Path published;

  @BeforeEach
  void write() throws IOException {
    published = SmallJina.write(folder.resolve("published"));
  }

  @Test
  void withoutATaskTheVectorsAreThoseOfTransformersForm() throws IOException {
    try (TextEmbedder one = load(published, EmbeddingOptions.builder());
        TextEmbedder other = load(converted(-1), EmbeddingOptions.builder())) {
      assertThat(one.embed(TEXT)).isEqualTo(other.embed(TEXT));
      assertThat(one.maxTokens()).isEqualTo(other.maxTokens());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void theVectorsOfATaskAreThoseOfItsMergedWeights(int task) throws IOException {
    String name = SmallJina.TASKS.get(task);
    try (TextEmbedder one = load(published, EmbeddingOptions.builder().task(name));
        TextEmbedder plain = load(published, EmbeddingOptions.builder());
        TextEmbedder merged = load(converted(task), EmbeddingOptions.builder())) {
      float[] expected = merged.embed(TEXT, name);
      assertThat(one.embed(TEXT, name)).containsExactly(expected, within(1e-6f));
      assertThat(one.embed(TEXT))
          .as("with the task's instruction")
          .containsExactly(expected, within(1e-6f));
      assertThat(plain.embed(TEXT, name)).isNotEqualTo(expected);
      assertThat(one.countTruncated(List.of(TEXT))).isZero();
    }
  }

  @Test
  void theInstructionOfATaskPrecedesTexts() throws IOException {
    try (TextEmbedder query = load(published, EmbeddingOptions.builder().task("retrieval.query"))) {
      assertThat(query.embed(TEXT))
          .isEqualTo(query.embed("Represent the query: " + TEXT, "separation"));
    }
  }

  /** Rounded weights are read in full precision before the task's matrices are added. */
  @Test
  void halfPrecisionStaysCloseToFullPrecision() {
    EmbeddingOptions.Builder task = EmbeddingOptions.builder().task("separation");
    try (TextEmbedder full = load(published, task);
        TextEmbedder half =
            TextEmbedder.load(
                ModelSource.path(published), task.precision(Precision.BF16).build())) {
      assertThat(half.embed(TEXT)).containsExactly(full.embed(TEXT), within(0.02f));
    }
  }

  @Test
  void anUnknownTaskIsRefusedWithTheKnownOnes() {
    refuses(
        IllegalArgumentException.class,
        () -> load(published, EmbeddingOptions.builder().task("retrieval")),
        "task",
        "[retrieval.query, retrieval.passage, separation]",
        "'retrieval'",
        published.toString());
  }

  @Test
  void aTaskOfAModelWithoutAdaptersIsRefused() throws IOException {
    Path plain = converted(-1);
    refuses(
        IllegalArgumentException.class,
        () -> load(plain, EmbeddingOptions.builder().task("separation")),
        "expected none",
        "lora_adaptations",
        "'separation'",
        plain.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          lora_rank        | 3                         | lora_A | [3, 2, 3]
          lora_adaptations | ["separation", "another"] | lora_A | [2, 2, 4]
          """)
  void matricesThatDoNotFitTheConfigurationAreRefusedByName(
      String field, String value, String tensor, String shape) throws IOException {
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(published.resolve("config.json")));
    config.set(field, Json.parse(value));
    config.remove("task_instructions");
    Files.writeString(published.resolve("config.json"), config.toString());
    refuses(
        CheckpointException.class,
        () -> load(published, EmbeddingOptions.builder().task("separation")),
        tensor,
        shape,
        "lora_rank");
  }

  @Test
  void aMatrixWithoutOnesOfTasksIsRefusedForATask() throws IOException {
    Path file = published.resolve(Checkpoint.SINGLE_FILE);
    List<TensorData> tensors = new ArrayList<>();
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      for (String name : stored.entries().keySet()) {
        String path = "roberta.encoder.layers.1.mlp.fc1";
        if (!name.startsWith(path + ".parametrizations") || name.endsWith(ORIGINAL)) {
          tensors.add(
              data(
                  name.startsWith(path) ? name.replace(ORIGINAL, ".weight") : name,
                  stored.entry(name).shape(),
                  TestNetworks.floats(stored, name)));
        }
      }
    }
    SafetensorsWriter.create().writeModel(published, tensors);
    load(published, EmbeddingOptions.builder()).close();
    refuses(
        CheckpointException.class,
        () -> load(published, EmbeddingOptions.builder().task("separation")),
        "roberta.encoder.layers.1.mlp.fc1.weight",
        "LoRA matrices of 3 tasks");
  }

  private static TextEmbedder load(Path model, EmbeddingOptions.Builder options) {
    return TextEmbedder.load(ModelSource.path(model), options.precision(Precision.FP32).build());
  }

  /** Writes the form of Transformers, with a task's matrices merged. */
  private Path converted(int task) throws IOException {
    Path target = SmallJina.write(folder.resolve("converted"));
    Files.writeString(
        target.resolve("config.json"),
        """
        {"model_type": "jina_embeddings_v3", "architectures": ["JinaEmbeddingsV3Model"],
         "dtype": "float32", "vocab_size": 40, "hidden_size": 16, "intermediate_size": 24,
         "num_hidden_layers": 2, "num_attention_heads": 4, "hidden_act": "gelu",
         "max_position_embeddings": 32, "type_vocab_size": 2, "layer_norm_eps": 1e-5,
         "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
         "rope_parameters": {"rope_theta": 20000.0, "rope_type": "default"}}
        """);
    List<TensorData> tensors = new ArrayList<>();
    try (SafetensorsFile stored = SafetensorsFile.open(published.resolve(Checkpoint.SINGLE_FILE))) {
      for (String name : stored.entries().keySet()) {
        if (!name.contains(".lora_")) {
          tensors.add(
              data(
                  name.replace(ORIGINAL, ".weight").replace("roberta.", ""),
                  stored.entry(name).shape(),
                  merged(stored, name, task)));
        }
      }
    }
    SafetensorsWriter.create().writeModel(target, tensors);
    return target;
  }

  private static float[] merged(SafetensorsFile stored, String name, int task) {
    float[] values = TestNetworks.floats(stored, name);
    if (task < 0 || !name.endsWith(ORIGINAL)) {
      return values;
    }
    String path = name.replace("original", "0.lora_");
    float[] a = TestNetworks.floats(stored, path + "A");
    float[] b = TestNetworks.floats(stored, path + "B");
    boolean embedding = name.contains("_embeddings");
    int rows = stored.entry(name).shape().get(0).intValue();
    int columns = stored.entry(name).shape().get(1).intValue();
    int rank = 4;
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        double sum = 0;
        for (int i = 0; i < rank; i++) {
          sum +=
              embedding
                  ? (double) a[(task * rows + row) * rank + i]
                      * b[(task * rank + i) * columns + column]
                  : (double) b[(task * rows + row) * rank + i]
                      * a[(task * rank + i) * columns + column];
        }
        values[row * columns + column] += (float) (3.0 / rank * sum);
      }
    }
    return values;
  }

  private static TensorData data(String name, List<Long> shape, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return TensorData.of(name, StoredType.F32, shape, bytes::duplicate);
  }
}
