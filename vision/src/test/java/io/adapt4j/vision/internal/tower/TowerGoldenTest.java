package io.adapt4j.vision.internal.tower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Features of pictures against the reference's, from the same pixels. */
class TowerGoldenTest {

  private static final double TOLERANCE = 5e-5;

  @ParameterizedTest
  @ValueSource(
      strings = {"idefics3", "smolvlm", "gemma3", "paligemma", "lfm2_vl", "qwen2_5_vl", "qwen3_vl"})
  void featuresEqualTheReference(String model) throws Exception {
    Path folder = Golden.folder("multimodal/models").resolve(model);
    compare(folder);
  }

  /** Compares every case of a folder whose pixels are stored whole. */
  static void compare(Path folder) throws Exception {
    long before = Tensor.live();
    int compared = 0;
    try (TowerCase stored = TowerCase.open(folder);
        Checkpoint checkpoint = Checkpoint.open(folder);
        PictureTower tower = Towers.load(ModelConfig.read(folder), checkpoint, DType.F32)) {
      for (JsonNode given : TowerCase.json(folder, "cases.json").path("cases")) {
        if (TowerCase.isWhole(given)) {
          String name = given.path("name").asText();
          try (Scope scope = Scope.open()) {
            PictureFeatures found = tower.forward(Ops.inference(), stored.pixels(name));
            assertClose(name, found.rows(), stored, name + ".image_features");
            List<Tensor> deeper = found.deeper();
            for (int i = 0; i < deeper.size(); i++) {
              assertClose(name, deeper.get(i), stored, name + ".deepstack." + i);
            }
            assertThat(stored.has(name + ".deepstack." + deeper.size())).isFalse();
            assertThat(Arrays.stream(found.perPicture()).sum())
                .isEqualTo((int) found.rows().size(0));
          }
          compared++;
        }
      }
    }
    assertThat(compared).isPositive();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static void assertClose(String name, Tensor found, TowerCase stored, String expected) {
    assertThat(found.sizes())
        .as(name)
        .isEqualTo(stored.shape(expected).stream().mapToLong(Integer::longValue).toArray());
    float[] wanted = stored.floats(expected);
    float[] values = found.toFloats();
    double largest = 0;
    for (int i = 0; i < wanted.length; i++) {
      largest = Math.max(largest, Math.abs(values[i] - wanted[i]));
    }
    assertThat(largest).as(name + " " + expected).isCloseTo(0, within(TOLERANCE));
  }

  @Test
  void positionsOfATileEqualTheReference() throws Exception {
    Path file = Golden.folder("multimodal/image_ops").resolve("vision_positions.json");
    JsonNode sides = io.adapt4j.core.internal.Json.parse(Files.readString(file)).path("sides");
    assertThat(sides).isNotEmpty();
    sides
        .properties()
        .forEach(
            entry -> {
              int side = Integer.parseInt(entry.getKey());
              for (JsonNode rows : entry.getValue()) {
                int[] wanted = new int[rows.size()];
                Arrays.setAll(wanted, i -> rows.get(i).asInt());
                assertThat(Idefics3Tower.buckets(wanted.length, side))
                    .as("%s of %s", wanted.length, side)
                    .isEqualTo(wanted);
              }
            });
  }
}
