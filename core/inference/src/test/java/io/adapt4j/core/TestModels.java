package io.adapt4j.core;

import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

/** Small models for tests, always in fp32 so that numbers are exact. */
public final class TestModels {

  private TestModels() {}

  /** The folder of a golden model among the resources. */
  public static Path golden(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(TestModels.class.getResource("/golden/models/" + name), name)
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A model of a folder, in fp32. */
  public static LanguageModel fp32(Path folder) {
    return LanguageModel.load(ModelSource.path(folder), Precision.FP32);
  }

  /** The trained stories260K model with its tokenizer, or skips the test. */
  public static LanguageModel stories() {
    return fp32(Golden.data("stories260K"));
  }
}
