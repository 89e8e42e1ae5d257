package io.adapt4j.vision.internal.tower;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Floats;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PictureFeatures;
import io.adapt4j.vision.internal.PixelBatch;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Features against those that {@code src/test/reference/towers.py} computes in fp64. */
class TowerReferenceTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llava_clip",
        "llava_siglip",
        "llava_next",
        "llava_onevision",
        "llava_pixtral",
        "mistral3",
        "internvl",
        "qwen2_vl",
        "glm_ocr",
        "paddleocr_vl"
      })
  void featuresOfABatchOfPicturesEqualTheReference(String name) throws Exception {
    Path folder = Path.of("src/test/resources/towers", name);
    JsonNode layout = TowerCase.json(folder, "pixels.json");
    long before = Tensor.live();
    try (TowerCase stored = TowerCase.open(folder);
        Checkpoint checkpoint = Checkpoint.open(folder);
        PictureTower tower = Towers.load(ModelConfig.read(folder), checkpoint, DType.F32);
        Scope scope = Scope.open()) {
      PixelBatch pixels = stored.pixels();
      PictureFeatures found = tower.forward(Ops.inference(), pixels);
      float[] wanted = stored.floats("image_features");
      assertThat(found.perPicture()).isEqualTo(TowerCase.integers(layout.path("tokens")));
      assertThat(found.rows().count()).isEqualTo(wanted.length);
      assertThat(Floats.worst(found.rows().toFloats(), wanted)).isLessThan(2e-5);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }
}
