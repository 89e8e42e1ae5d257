package io.adapt4j.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.Classification;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Classes of pictures by a loaded folder. */
class ImageClassifierTest {

  private static Path folder(String name) {
    return Path.of("src/test/resources/classifiers", name);
  }

  private static Picture picture(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i * 37 % 251);
    }
    return Picture.ofRgb(width, height, rgb);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vit", "dinov2"})
  void aPicturesScoresDoNotDependOnTheOthersOfACall(String name) {
    long before = Tensor.live();
    try (ImageClassifier classifier = ImageClassifier.load(ModelSource.path(folder(name)))) {
      assertThat(classifier.labels()).containsExactly("receipt", "form", "letter");
      List<Picture> pictures = List.of(picture(50, 40), picture(64, 90));
      List<Classification> both = classifier.classifyAll(pictures);
      assertThat(both).hasSize(2);
      for (int i = 0; i < 2; i++) {
        Classification alone = classifier.classify(pictures.get(i));
        assertThat(alone.label()).isEqualTo(both.get(i).label());
        double sum = 0;
        for (String label : classifier.labels()) {
          assertThat(alone.score(label)).isCloseTo(both.get(i).score(label), within(1e-6));
          sum += alone.score(label);
        }
        assertThat(sum).isCloseTo(1, within(1e-9));
      }
      assertThat(both.get(0).score()).isNotEqualTo(both.get(1).score());
      assertThat(classifier.classifyAll(List.of())).isEmpty();
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aFolderOfAnotherKindIsRefusedWithTheFieldThatSaysSo(@TempDir Path copy) throws Exception {
    String config = Files.readString(folder("vit").resolve("config.json"));
    Files.writeString(
        copy.resolve("config.json"), config.replace("ViTForImageClassification", "ViTModel"));
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> ImageClassifier.load(ModelSource.path(copy)))
        .withMessageContaining("architectures")
        .withMessageContaining("ForImageClassification");
  }
}
