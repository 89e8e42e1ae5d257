package io.adapt4j.vision.internal.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.memory.PictureMemory;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Predicted memory of pictures in training. */
class PictureMemoryTest {

  private static final Path MODEL = Path.of("src", "test", "resources", "models", "idefics3");
  private static final Set<String> NOTHING = Set.of();

  private final TrainingPictures pictures =
      new TrainingPictures(ModelConfig.read(MODEL), PictureProcessors.open(MODEL), Map.of());

  private int add(String file, int rows) {
    String source = MODEL.resolve("images").resolve(file).toString();
    Pixels pixels = PictureRegister.read(source);
    return pictures.register().add(source, pixels, rows).first();
  }

  private long bytes(Set<String> trained, int... firstIds) {
    return PictureMemory.of(
        pictures.declare(),
        firstIds,
        new TrainableSummary(trained, List.of(), false, 0),
        0,
        DType.F32);
  }

  @Test
  void morePicturesTakeMore() {
    long before = Tensor.live();
    int photo = add("photo_37x53.png", 52);
    int page = add("page_170x90.png", 52);
    long one = bytes(NOTHING, photo);
    assertThat(one).isPositive();
    assertThat(bytes(NOTHING, photo, page)).isGreaterThan(one);
    assertThat(Tensor.live()).isEqualTo(before);
  }
}
