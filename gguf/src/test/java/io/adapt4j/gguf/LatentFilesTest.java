package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of models with latent attention, whose projection to keys and values is split. */
class LatentFilesTest {

  private static final int PLAIN = 32;
  private static final int VALUE = 48;
  private static final int RANK = 64;

  @TempDir private Path folder;

  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
    model = RandomModels.write("deepseek_v2", folder.resolve("model"));
  }

  private Path export(GgufExport export, GgufQuantization type, String name) {
    Path file = folder.resolve(name + ".gguf");
    export.name("tiny").preTokenizer(RandomModels.preTokenizer()).type(type).to(file);
    return file;
  }

  private static FloatBuffer values(GgufFile file, String name) {
    GgufTensor tensor = file.tensor(name);
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(tensor.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    file.read(tensor, 0, bytes);
    return bytes.flip().asFloatBuffer();
  }

  @Test
  void keysAreTransposedAndValuesAreNot() {
    try (GgufFile file = GgufFile.open(export(GgufExport.of(model), GgufQuantization.F32, "f32"));
        Checkpoint checkpoint = Checkpoint.open(model)) {
      assertThat(file.tensor("blk.1.attn_k_b.weight").shape()).containsExactly(32L, 64L, 4L);
      assertThat(file.tensor("blk.1.attn_v_b.weight").shape()).containsExactly(64L, 48L, 4L);
      FloatBuffer stored =
          checkpoint.bytes("model.layers.1.self_attn.kv_b_proj.weight").asFloatBuffer();
      FloatBuffer keys = values(file, "blk.1.attn_k_b.weight");
      FloatBuffer values = values(file, "blk.1.attn_v_b.weight");
      for (int head = 0; head < 4; head++) {
        int first = head * (PLAIN + VALUE);
        assertThat(keys.get((head * RANK + 5) * PLAIN + 7))
            .isEqualTo(stored.get((first + 7) * RANK + 5));
        assertThat(values.get((head * VALUE + 9) * RANK + 3))
            .isEqualTo(stored.get((first + PLAIN + 9) * RANK + 3));
      }
      assertThat(file.metadata().integer("deepseek2.attention.head_count_kv")).hasValue(1);
      assertThat(file.metadata().integer("deepseek2.attention.key_length")).hasValue(80);
      assertThat(file.metadata().integer("deepseek2.attention.q_lora_rank")).hasValue(0);
      assertThat(file.metadata().number("deepseek2.rope.scaling.yarn_log_multiplier"))
          .hasValue(0.0707f);
    }
  }

  @Test
  void blocksWeightedByImportanceComputeAsTheirValues() {
    ImportanceMatrix importance =
        ImportanceMatrix.measure(
            ModelSource.path(model),
            Datasets.of(List.of(new Example.Text("Once upon a time there was a little dog."))));
    assertThat(importance.columns())
        .containsKey("blk.1.attn_v_b.weight")
        .doesNotContainKey("blk.1.attn_k_b.weight");
    Path read =
        ModelSource.path(
                export(
                    GgufExport.of(model).importance(importance), GgufQuantization.Q4_K_M, "blocks"))
            .folder();
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

  @Test
  void anAdapterIsMergedAndNotWrittenAlone() {
    Adapter adapter =
        LlamaCppTest.randomAdapter(
            model, Targets.names("kv_b_proj", "o_proj"), folder.resolve("adapter"));
    LoraAdapter.at(folder.resolve("adapter")).writeMerged(model, folder.resolve("merged"));
    assertThat(export(GgufExport.of(model).adapter(adapter), GgufQuantization.F32, "direct"))
        .hasSameBinaryContentAs(
            export(GgufExport.of(folder.resolve("merged")), GgufQuantization.F32, "merged"));
    GgufAdapter alone = GgufAdapter.of(ModelSource.path(model), adapter);
    Path file = folder.resolve("adapter.gguf");
    assertThatThrownBy(() -> alone.to(file))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("Merge the adapter instead");
    assertThat(file).doesNotExist();
  }
}
