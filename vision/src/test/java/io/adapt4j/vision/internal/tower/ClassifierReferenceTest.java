package io.adapt4j.vision.internal.tower;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Floats;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.vision.internal.PixelBatch;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits against those that {@code src/test/reference/classifiers.py} computes in fp64. */
class ClassifierReferenceTest {

  @ParameterizedTest
  @ValueSource(strings = {"vit", "dinov2", "dinov2_swiglu"})
  void logitsOfPicturesOfSeveralSizesEqualTheReference(String name) {
    Path folder = Path.of("src/test/resources/classifiers", name);
    long before = Tensor.live();
    try (TowerCase stored = TowerCase.open(folder);
        Checkpoint checkpoint = Checkpoint.open(folder);
        PictureClassifier model = PictureClassifiers.declare(ModelConfig.read(folder))) {
      model.load(checkpoint, DType.F32);
      for (String size : List.of("", "other_size.", "larger.")) {
        PixelBatch pixels =
            new PixelBatch(
                stored.floats(size + "pixel_values"),
                stored.shape(size + "pixel_values"),
                new int[0][],
                new int[] {1, 1},
                new byte[0]);
        try (Scope scope = Scope.open()) {
          float[] found = model.logits(Ops.inference(), pixels).toFloats();
          assertThat(Floats.worst(found, stored.floats(size + "logits")))
              .as("'%s'", size)
              .isLessThan(2e-5);
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }
}
