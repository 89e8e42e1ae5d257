package io.adapt4j.upkeep.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows in shards by a key, and the mean of the shards' adapters. */
class ShardsTest {

  private static final String LAYER = "base_model.model.model.layers.0.self_attn.q_proj.lora_";

  @TempDir private Path folder;

  @Test
  void aShardIsTheHashModuloTheirNumber() {
    Shards seven = Shards.of(7);
    // The first eight bytes of SHA-256 as an unsigned number; that of c1 has its highest bit set.
    assertThat(List.of(seven.shard("c0"), seven.shard("c1"), seven.shard("anna")))
        .containsExactly(6, 3, 1);
    assertThat(Shards.of(1).shard("c1")).isZero();
    assertThatThrownBy(() -> Shards.of(0)).hasMessageContaining("at least 1, found 0");
  }

  @Test
  void eachRowIsInTheFileOfItsShard() throws IOException {
    Path rows = folder.resolve("rows.jsonl");
    String row = "{\"text\":\"%s\",\"customer\":\"%s\"}";
    Files.write(rows, List.of(row.formatted("one", "c0"), row.formatted("two", "c1")));

    SortedMap<Integer, Path> files =
        Shards.of(7).write(Datasets.jsonl(rows), "customer", folder.resolve("shards"));

    assertThat(files.keySet()).containsExactly(3, 6);
    assertThat(files.get(3)).hasFileName("shard-003.jsonl");
    assertThat(Files.readString(files.get(3))).contains("two", "c1").doesNotContain("one");
    assertThat(Files.readString(files.get(6))).contains("one", "c0").doesNotContain("two");
    Dataset data = Datasets.jsonl(rows);
    assertThatThrownBy(() -> Shards.of(7).write(data, "client", folder))
        .hasMessageContaining("rows.jsonl line 1: expected a field 'client'");
  }

  @Test
  void theMeanWeighsAdaptersByTheirRows() throws IOException {
    Path merged = folder.resolve("merged");
    Shards.merge(Map.of(adapter("a", 1f), 3, adapter("b", 10f), 1), merged);

    // Concatenated factors: their product is the weighted sum of the products.
    float[] a = values(merged, LAYER + "A.weight");
    float[] b = values(merged, LAYER + "B.weight");
    assertThat(a[0] * b[0] + a[1] * b[1]).isEqualTo(3f / 4 * 1 + 1f / 4 * 10);
    assertThatThrownBy(() -> Shards.merge(Map.of(), merged)).hasMessageContaining("at least one");
  }

  /** Writes an adapter of a 1 × 1 layer, whose update is a number. */
  private Path adapter(String name, float update) throws IOException {
    Path output = Files.createDirectories(folder.resolve(name));
    Files.writeString(
        output.resolve("adapter_config.json"),
        "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1, \"target_modules\": [\"q_proj\"]}");
    SafetensorsWriter.create()
        .writeFile(
            output.resolve("adapter_model.safetensors"),
            List.of(tensor("A.weight", 1), tensor("B.weight", update)));
    return output;
  }

  private static TensorData tensor(String name, float value) {
    ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, value);
    return TensorData.of(LAYER + name, StoredType.F32, List.of(1L, 1L), bytes::duplicate);
  }

  private static float[] values(Path adapter, String name) {
    try (SafetensorsFile file =
        SafetensorsFile.open(adapter.resolve("adapter_model.safetensors"))) {
      float[] values = new float[2];
      file.bytes(name, 0, 8).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
      return values;
    }
  }
}
