package extensions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What changes a model, each brought from outside. */
class ModelExtensionsTest {

  @TempDir private Path folder;

  private static List<Double> scores(ModelSource model, WeightFormat weights) {
    try (LanguageModel loaded = LanguageModel.load(model, weights, Precision.FP32)) {
      return loaded.score("Once upon a time", " there was a little girl").logProbabilities();
    }
  }

  @Test
  void weightsInInt8ScoreTextNearlyAsTheOriginalOnes() {
    List<Double> exact = scores(Tiny.model(), WeightFormat.asStored());
    List<Double> found = scores(Tiny.model(), WeightFormat.custom(new Int8Codec()));
    assertNotEquals(exact, found);
    for (int token = 0; token < exact.size(); token++) {
      assertEquals(exact.get(token), found.get(token), 0.1, "token " + token);
    }
  }

  @Test
  void anAdapterTrainsOverWeightsInInt8() {
    List<Double> plain = Tiny.losses(Tiny.tuner(folder.resolve("a")));
    List<Double> int8 =
        Tiny.losses(
            Tiny.tuner(folder.resolve("b"))
                .method(Lora.rank(4).weights(WeightFormat.custom(new Int8Codec()))));
    assertEquals(plain.get(0), int8.get(0), 0.02);
    assertTrue(int8.get(int8.size() - 1) < int8.get(0), "the loss does not fall");
  }
}
