package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorType;
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

/** What files of Apertus, Mistral 3 and the later Gemmas have that others do not. */
class LaterFamiliesTest {

  @TempDir private Path folder;

  @BeforeEach
  void keepFilesHere() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  private Path export(Path model) {
    Path file = folder.resolve(model.getFileName() + ".gguf");
    GgufExport.of(model)
        .name("tiny")
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F16)
        .to(file);
    return file;
  }

  private Path model(String name) throws IOException {
    return RandomModels.write(name, folder.resolve(name));
  }

  /** Their text model is below another path, and its fields in a part of the configuration. */
  @ParameterizedTest
  @CsvSource({
    "ministral3_tied, mistral3",
    "mistral, mistral3",
    "gemma3, gemma3",
    "gemma3n_shared, gemma3n",
    "gemma4, gemma4",
    "gemma4_moe, gemma4"
  })
  void modelsWithImagesAreWrittenAsTheirTextModels(String name, String type) throws IOException {
    Path text = model(name);
    Path whole = folder.resolve("whole");
    GoldenFolders.copy(text, whole);
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(text.resolve("config.json")));
    ObjectNode outer = config.objectNode().put("model_type", type);
    outer.set("text_config", config);
    Files.writeString(whole.resolve("config.json"), Json.compact(outer));
    try (Checkpoint checkpoint = Checkpoint.open(text)) {
      SafetensorsWriter.create()
          .writeModel(
              whole,
              checkpoint.names().stream()
                  .map(
                      tensor ->
                          TensorData.of(
                              tensor.replaceFirst("^model\\.", "model.language_model."),
                              StoredType.F32,
                              checkpoint.entry(tensor).shape(),
                              () -> checkpoint.bytes(tensor)))
                  .toList());
    }
    Path file = export(whole);
    if (name.equals("mistral")) {
      // llama.cpp calls both of them by the name of the whole.
      assertThat(Files.readString(ModelSource.path(file).folder().resolve("config.json")))
          .contains("\"model_type\": \"ministral3\"");
    } else {
      assertThat(file).hasSameBinaryContentAs(export(text));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gemma3n", "gemma4", "gemma4_moe", "apertus", "gpt_bigcode_heads"})
  void blocksComputeAsTheirValues(String name) throws IOException {
    Path file = folder.resolve("model.gguf");
    GgufExport.of(model(name))
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.Q4_K_M)
        .to(file);
    Path read = ModelSource.path(file).folder();
    try (Decoder expected = TestModels.dequantized(read);
        Decoder found = TestModels.load(read)) {
      for (int tokens : new int[] {1, 24}) {
        assertThat(
                TestModels.difference(
                    TestModels.logits(found, tokens), TestModels.logits(expected, tokens)))
            .isLessThan(1e-4);
      }
    }
  }

  /** Of tokens for images and sounds; llama.cpp wants a row for every token. */
  @Test
  void theSecondTableIsFilledUp() throws IOException {
    Path model =
        RandomModels.write(
            "gemma4", "\"vocab_size_per_layer_input\": 200", folder.resolve("gemma4"));
    try (GgufFile file = GgufFile.open(export(model));
        Checkpoint checkpoint = Checkpoint.open(model)) {
      GgufTensor table = file.tensor("per_layer_token_embd.weight");
      assertThat(table.shape().get(1)).isEqualTo(file.tensor("token_embd.weight").shape().get(1));
      int row = Math.toIntExact(table.shape().get(0));
      ByteBuffer last = ByteBuffer.allocate(2 * row).order(ByteOrder.LITTLE_ENDIAN);
      file.read(table, 199L * 2 * row, last);
      ByteBuffer stored =
          checkpoint.bytes("model.embed_tokens_per_layer.weight").order(ByteOrder.LITTLE_ENDIAN);
      assertThat(half(last.flip().getShort(0)))
          .isCloseTo(stored.getFloat(199 * 4 * row), withinPercentage(1));
      ByteBuffer beyond = ByteBuffer.allocate(2 * row);
      file.read(table, 200L * 2 * row, beyond);
      assertThat(beyond.array()).containsOnly(0);
    }
    Path more =
        RandomModels.write(
            "gemma4", "\"vocab_size_per_layer_input\": 2000", folder.resolve("more"));
    assertThatThrownBy(() -> export(more)).hasMessageContaining("'vocab_size_per_layer_input'");
  }

  private static float half(short bits) {
    float[] value = new float[1];
    ByteBuffer stored = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort(0, bits);
    Quantizer.of(TensorType.F16).dequantize(stored, value, 0, 1);
    return value[0];
  }

  /** Layers that use others' keys have some of their own in checkpoints. */
  @Test
  void keysThatNothingIsComputedWithAreKept() throws IOException {
    Path model = model("gemma3n_shared");
    String name = "model.layers.24.self_attn.k_proj.weight";
    try (GgufFile file = GgufFile.open(export(model))) {
      assertThat(read(file, "blk.24.attn_k.weight")).containsOnly(0);
    }
    Path with = folder.resolve("with");
    GoldenFolders.copy(model, with);
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      List<TensorData> tensors = new ArrayList<>();
      for (String stored : checkpoint.names()) {
        tensors.add(
            TensorData.of(
                stored,
                StoredType.F32,
                checkpoint.entry(stored).shape(),
                () -> checkpoint.bytes(stored)));
      }
      ByteBuffer ones = ByteBuffer.allocate(4 * 32 * 64).order(ByteOrder.LITTLE_ENDIAN);
      while (ones.hasRemaining()) {
        ones.putFloat(1);
      }
      ones.flip();
      tensors.add(TensorData.of(name, StoredType.F32, List.of(32L, 64L), ones::duplicate));
      SafetensorsWriter.create().writeModel(with, tensors);
    }
    try (GgufFile file = GgufFile.open(export(with))) {
      assertThat(read(file, "blk.24.attn_k.weight")).containsOnly(0, 0x3c);
      assertThat(read(file, "blk.24.attn_v.weight")).containsOnly(0);
    }
  }

  private static byte[] read(GgufFile file, String name) {
    GgufTensor tensor = file.tensor(name);
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.bytes()));
    file.read(tensor, 0, bytes);
    return bytes.array();
  }

  /** What is learned of it are tensors in checkpoints. */
  @Test
  void theActivationOfApertusIsInKeys() throws IOException {
    Path model = model("apertus");
    try (GgufFile file = GgufFile.open(export(model));
        Checkpoint checkpoint = Checkpoint.open(model)) {
      float stored =
          checkpoint
              .bytes("model.layers.1.mlp.act_fn.alpha_p")
              .order(ByteOrder.LITTLE_ENDIAN)
              .getFloat(0);
      assertThat(file.metadata().numbers("xielu.alpha_p").orElseThrow()[1]).isEqualTo(stored);
      assertThat(file.metadata().numbers("xielu.beta").orElseThrow()).containsExactly(0.5, 0.5);
      assertThat(file.tensors().keySet()).noneMatch(name -> name.contains("act_fn"));
    }
  }

  /** llama.cpp has a name for GPT-J, and nothing behind it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt_neo | \"hidden_size\": 64, \"num_heads\": 4, \"num_layers\": 2",
        "gptj | \"n_embd\": 64, \"n_head\": 4, \"n_layer\": 2, \"rotary_dim\": 8"
      })
  void namesAFamilyThatLlamaCppDoesNotRun(String type, String fields) throws IOException {
    Path model =
        RandomModels.write(
            "gpt2", "\"model_type\": \"" + type + "\", " + fields, folder.resolve(type));
    assertThatThrownBy(() -> export(model))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'model_type'")
        .hasMessageContaining("llama.cpp does not run models of this family");
  }

  @Test
  void theTokenizerOfGemma4HasItsMerges() throws IOException {
    Path model = LaterModels.withLines(model("gemma4"));
    Path file = export(model);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().string("tokenizer.ggml.model")).hasValue("gemma4");
      assertThat(opened.metadata().strings("tokenizer.ggml.merges").orElseThrow()).hasSize(165);
    }
    try (Tokenizer original = Tokenizer.load(model);
        Tokenizer found = Tokenizer.load(ModelSource.path(file).folder())) {
      for (String text : List.of("Once upon a time, Lily said", "  two\n\tlines \u6f22", "")) {
        assertThat(found.encode(text, true)).as(text).isEqualTo(original.encode(text, true));
      }
      assertThat(found.decode(found.encode("a\n\nb", false), true)).isEqualTo("a\n\nb");
    }
  }
}
