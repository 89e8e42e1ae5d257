package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.qlora.QuantizedCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters and 4-bit bases on their way into a file, against checkpoints made of them first. */
class MergedExportTest {

  private final Path base = GoldenFolders.of("qwen2");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "rank-stabilized",
        "alpha by module",
        "DoRA",
        "module in full",
        "layers in another order"
      })
  void mergesAsIntoACheckpoint(String kind) throws IOException {
    Path adapter = adapter(kind);
    LoraAdapter.at(adapter).writeMerged(base, folder.resolve("merged"));

    Path direct = export(GgufExport.of(base).adapter(Adapter.at(adapter)));
    Path merged = export(GgufExport.of(folder.resolve("merged")));

    assertThat(Files.mismatch(direct, merged)).isEqualTo(-1);
    assertThat(Files.mismatch(direct, export(GgufExport.of(base)))).isGreaterThanOrEqualTo(0);
  }

  private Path export(GgufExport export) throws IOException {
    Path file = Files.createTempFile(folder, "model", ".gguf");
    export.type(GgufQuantization.F32).name("model").preTokenizer("qwen2").to(file);
    return file;
  }

  private Path adapter(String kind) throws IOException {
    return switch (kind) {
      case "plain" -> base.resolve("adapter");
      case "rank-stabilized" -> changed(config -> config.put("use_rslora", true), List.of());
      case "alpha by module" ->
          changed(config -> config.putObject("alpha_pattern").put("q_proj", 3), List.of());
      case "layers in another order" ->
          changed(
              config -> config.putArray("layer_replication").add(numbers(1, 2)).add(numbers(0, 1)),
              List.of());
      case "DoRA" -> changed(config -> config.put("use_dora", true), magnitudes());
      case "module in full" ->
          changed(
              config -> config.putArray("modules_to_save").add("lm_head"),
              List.of(tensor("base_model.model.lm_head.weight", List.of(400L, 64L), 0.01f)));
      default -> throw new IllegalArgumentException(kind);
    };
  }

  private static ArrayNode numbers(int start, int end) {
    return JsonNodeFactory.instance.arrayNode().add(start).add(end);
  }

  /** The golden adapter with another configuration and more tensors. */
  private Path changed(Consumer<ObjectNode> change, List<TensorData> more) throws IOException {
    Path changed = Files.createDirectories(folder.resolve("adapter"));
    Path original = base.resolve("adapter");
    ObjectNode config =
        (ObjectNode) Json.parse(Files.readString(original.resolve("adapter_config.json")));
    change.accept(config);
    Files.writeString(changed.resolve("adapter_config.json"), Json.indented(config));
    try (Checkpoint stored = Checkpoint.openFile(original.resolve("adapter_model.safetensors"))) {
      List<TensorData> tensors = new ArrayList<>(more);
      for (String name : stored.names()) {
        tensors.add(
            TensorData.of(
                name,
                stored.entry(name).type(),
                stored.entry(name).shape(),
                () -> stored.bytes(name)));
      }
      SafetensorsWriter.create().writeFile(changed.resolve("adapter_model.safetensors"), tensors);
    }
    return changed;
  }

  private List<TensorData> magnitudes() {
    List<TensorData> magnitudes = new ArrayList<>();
    try (Checkpoint stored =
        Checkpoint.openFile(base.resolve("adapter").resolve("adapter_model.safetensors"))) {
      for (String name : stored.names()) {
        if (name.endsWith(".lora_B.weight")) {
          magnitudes.add(
              tensor(
                  name.replace(".lora_B.weight", ".lora_magnitude_vector"),
                  stored.entry(name).shape().subList(0, 1),
                  0.5f));
        }
      }
    }
    return magnitudes;
  }

  private static TensorData tensor(String name, List<Long> shape, float step) {
    int count = shape.stream().reduce(1L, Math::multiplyExact).intValue();
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat(1 + step * (i % 7));
    }
    return TensorData.of(name, StoredType.F32, shape, bytes::flip);
  }

  @Test
  void dequantizesA4BitBase() throws IOException {
    Path quantized = folder.resolve("quantized");
    Path plain = folder.resolve("plain");
    QuantizedCheckpoint.quantize(base, quantized, Quantization.nf4());
    QuantizedCheckpoint.dequantize(quantized, plain, Precision.FP32);

    assertThat(Files.mismatch(export(GgufExport.of(quantized)), export(GgufExport.of(plain))))
        .isEqualTo(-1);
  }

  @Test
  void aFileOfTheAdapterAloneHasNoLayersInAnotherOrder() throws IOException {
    Path adapter = adapter("layers in another order");
    assertThatThrownBy(() -> writtenAdapter(adapter))
        .hasMessageContaining("the layers in a new order, which a GGUF adapter cannot hold");
  }

  @Test
  void foldsRankStabilizedScalesIntoTheAdaptersFile() throws IOException {
    Path plain = writtenAdapter(base.resolve("adapter"));
    Path stabilized = writtenAdapter(adapter("rank-stabilized"));

    // alpha / sqrt(4) instead of alpha / 4: twice the update, in B.
    String b = "blk.0.attn_q.weight.lora_b";
    String a = "blk.0.attn_q.weight.lora_a";
    float[] once = values(plain, b);
    float[] twice = values(stabilized, b);
    for (int i = 0; i < once.length; i++) {
      assertThat(twice[i]).isEqualTo(2 * once[i]);
    }
    assertThat(values(stabilized, a)).containsExactly(values(plain, a));
  }

  private Path writtenAdapter(Path adapter) throws IOException {
    Path file = Files.createTempFile(folder, "adapter", ".gguf");
    GgufAdapter.of(ModelSource.path(base), Adapter.at(adapter)).type(GgufQuantization.F32).to(file);
    return file;
  }

  private static float[] values(Path file, String name) {
    try (GgufFile gguf = GgufFile.open(file)) {
      GgufTensor tensor = gguf.tensor(name);
      ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      gguf.read(tensor, 0, bytes);
      float[] values = new float[(int) tensor.elements()];
      bytes.flip().asFloatBuffer().get(values);
      return values;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"DoRA", "module in full"})
  void refusesAdaptersThatAreMoreThanProducts(String kind) throws IOException {
    Path adapter = adapter(kind);
    assertThatThrownBy(() -> writtenAdapter(adapter))
        .hasMessageContaining("Merge it instead")
        .hasMessageContaining(kind.equals("DoRA") ? "magnitudes" : "lm_head");
  }
}
