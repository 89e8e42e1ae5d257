package io.adapt4j.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Floats;
import io.adapt4j.core.Golden;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors of picture files and texts, and how they compare. */
class ImageEmbedderTest {

  private static final Path SIGLIP = Path.of("src/test/resources/models/siglip");

  private static List<Picture> pictures(Path folder, JsonNode cases) {
    List<Picture> pictures = new ArrayList<>();
    for (JsonNode file : cases.path("image_order")) {
      pictures.add(Picture.read(folder.resolve("images").resolve(file.asText())));
    }
    return pictures;
  }

  private static float[] floats(SafetensorsFile file, String name) {
    int length = Math.toIntExact(file.entries().get(name).length());
    ByteBuffer bytes = file.bytes(name, 0, length).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[length / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  private static float[] flat(List<float[]> rows) {
    int width = rows.get(0).length;
    float[] all = new float[rows.size() * width];
    for (int i = 0; i < rows.size(); i++) {
      System.arraycopy(rows.get(i), 0, all, i * width, width);
    }
    return all;
  }

  @Test
  void siglipEmbedsAndComparesLikeTheReference() throws Exception {
    compare(SIGLIP);
  }

  @ParameterizedTest
  @ValueSource(strings = {"siglip", "clip"})
  void everyReferenceFolderIsReproducedFromItsFiles(String model) throws Exception {
    compare(Golden.folder("multimodal/models").resolve(model));
  }

  private static void compare(Path folder) throws Exception {
    JsonNode cases = Json.parse(Files.readString(folder.resolve("cases.json")));
    List<Picture> pictures = pictures(folder, cases);
    List<String> texts = new ArrayList<>();
    cases.path("texts").forEach(text -> texts.add(text.asText()));
    long before = Tensor.live();
    try (ImageEmbedder embedder = ImageEmbedder.load(ModelSource.path(folder));
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      float[] ofPictures = flat(embedder.embed(pictures));
      assertThat(Floats.worst(ofPictures, floats(expected, "image_embeds"))).isLessThan(1e-5);
      float[] ofTexts = flat(embedder.embedTexts(texts));
      assertThat(Floats.worst(ofTexts, floats(expected, "text_embeds"))).isLessThan(1e-5);
      float[] probabilities = flat(embedder.probabilities(pictures, texts));
      assertThat(Floats.worst(probabilities, floats(expected, "probabilities"))).isLessThan(1e-5);
      assertThat(Floats.worst(embedder.embedText(texts.get(1)), embedder.embedTexts(texts).get(1)))
          .isCloseTo(0, within(1e-6));
      assertThat(embedder.embed(pictures.get(0))).hasSize(embedder.dimension());
      assertThat(embedder.embed(List.of())).isEmpty();
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void modelsOfOtherFamiliesAreRefusedByName() {
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(
            () ->
                ImageEmbedder.load(ModelSource.path(Path.of("src/test/resources/classifiers/vit"))))
        .withMessageContaining("model_type")
        .withMessageContaining("siglip");
  }
}
