package io.adapt4j.core.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.checkpoint.LayerStack.Range;
import io.adapt4j.core.internal.config.ModelConfig;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers in a new order, in configurations and in checkpoints. */
class LayerStackTest {

  private static final LayerStack STACK = new LayerStack(List.of(new Range(1, 3), new Range(2, 3)));

  @TempDir private Path folder;

  private static TensorData tensor(String name, int value) {
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {(byte) value});
    return TensorData.of(name, StoredType.U8, List.of(1L), bytes::duplicate);
  }

  @Test
  void namesCountThePlacesAndReadTheStoredLayers() throws Exception {
    SafetensorsWriter.create()
        .writeFile(
            folder.resolve(Checkpoint.SINGLE_FILE),
            List.of(
                tensor("model.embed_tokens.weight", 7),
                tensor("model.layers.0.mlp.weight", 0),
                tensor("model.layers.1.mlp.weight", 1),
                tensor("model.layers.2.mlp.experts.0.weight", 2)));
    try (Checkpoint stored = Checkpoint.open(folder)) {
      Checkpoint stacked = stored.stacked(STACK);
      assertThat(stacked.names())
          .containsExactlyInAnyOrder(
              "model.embed_tokens.weight",
              "model.layers.0.mlp.weight",
              "model.layers.1.mlp.experts.0.weight",
              "model.layers.2.mlp.experts.0.weight");
      assertThat(stacked.bytes("model.embed_tokens.weight").get(0)).isEqualTo((byte) 7);
      assertThat(stacked.bytes("model.layers.0.mlp.weight").get(0)).isEqualTo((byte) 1);
      for (int place : List.of(1, 2)) {
        String name = "model.layers." + place + ".mlp.experts.0.weight";
        assertThat(stacked.bytes(name).get(0)).isEqualTo((byte) 2);
        assertThat(stacked.entry(name).name()).isEqualTo(name);
        assertThat(stacked.storedType(name)).isEqualTo("U8");
        assertThat(stacked.storedBytes(name)).isEqualTo(1);
        ByteBuffer read = ByteBuffer.allocate(1);
        stacked.read(name, 0, read);
        assertThat(read.get(0)).isEqualTo((byte) 2);
      }
    }
  }

  @Test
  void aConfigurationHasTheNewNumberAndListsByLayer() {
    ModelConfig stored =
        ModelConfig.parse(
            Path.of("config.json"),
            """
            {"model_type": "llama", "num_hidden_layers": 3, "eos_token_id": [1, 2, 3],
             "layer_types": ["full", "full", "full"]}
            """);
    ModelConfig stacked =
        stored.stackedBy(new LayerStack(List.of(new Range(0, 3), new Range(1, 3))), 3);
    assertThat(stacked.fields().requirePositiveInt("num_hidden_layers")).isEqualTo(5);
    assertThat(stacked.fields().texts("layer_types")).hasSize(5);
    assertThat(stacked.eosTokenIds()).hasSize(3);
    assertThat(stacked.withTieWordEmbeddings(true).layerStack()).isPresent();
    assertThat(stacked.unstacked().toJson()).isEqualTo(stored.toJson());
    assertThat(stacked.unstacked().layerStack()).isEmpty();
  }

  @Test
  void rangesHaveLayers() {
    assertThat(STACK).hasToString("[[1, 3], [2, 3]]");
    assertThat(STACK.layers()).containsExactly(1, 2, 2);
    assertThat(STACK.end()).isEqualTo(3);
    assertThatThrownBy(() -> new Range(2, 2))
        .hasMessageContaining("0 <= start < end, found [2, 2]");
    assertThatThrownBy(() -> new Range(-1, 2)).hasMessageContaining("found [-1, 2]");
    assertThatThrownBy(() -> new LayerStack(List.of())).hasMessageContaining("found none");
  }
}
