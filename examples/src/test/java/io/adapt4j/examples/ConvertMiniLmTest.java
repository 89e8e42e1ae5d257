package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real sentence encoder all-MiniLM-L6-v2, out of its Maven artifact. */
class ConvertMiniLmTest {

  private static final long PARAMETERS = 22_565_376;

  @Test
  void theFolderIsAModelThatKnowsWhichTextsMeanTheSame(@TempDir Path folder) throws IOException {
    ConvertMiniLm.main(new String[] {folder.toString()});
    ModelInfo info = ModelInfo.read(folder);
    assertThat(info.supported()).isTrue();
    assertThat(info.parameters().orElseThrow()).isEqualTo(PARAMETERS);
    try (TextEmbedder embedder = TextEmbedder.load(ModelSource.path(folder), Precision.FP32)) {
      assertThat(embedder.dimension()).isEqualTo(384);
      assertThat(embedder.maxTokens()).isEqualTo(256);
      List<float[]> vectors =
          embedder.embedAll(
              List.of(
                  "A man is playing a guitar.",
                  "Someone plays an instrument.",
                  "The stock market fell sharply today."));
      assertThat(product(vectors.get(0), vectors.get(0))).isCloseTo(1, within(1e-5));
      assertThat(product(vectors.get(0), vectors.get(1))).isGreaterThan(0.5);
      assertThat(product(vectors.get(0), vectors.get(2))).isLessThan(0.2);
    }
  }

  private static double product(float[] a, float[] b) {
    double product = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
    }
    return product;
  }
}
