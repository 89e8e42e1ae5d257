package io.adapt4j.vision.internal.tower;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Floats;
import io.adapt4j.core.Golden;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors of pictures and texts, and their comparison, against the reference's. */
class ContrastiveGoldenTest {

  private static final double TOLERANCE = 5e-5;
  private static final double NORMALIZED = 1e-5;

  @ParameterizedTest
  @ValueSource(strings = {"siglip", "clip"})
  void vectorsAndProbabilitiesEqualTheReference(String model) throws Exception {
    Path folder = Golden.folder("multimodal/models").resolve(model);
    long before = Tensor.live();
    try (TowerCase stored = TowerCase.open(folder);
        Checkpoint checkpoint = Checkpoint.open(folder);
        Tokenizer tokenizer = Tokenizer.load(folder);
        ContrastiveModel loaded = ContrastiveModels.declare(ModelConfig.read(folder))) {
      loaded.load(checkpoint, DType.F32);
      List<String> texts = new ArrayList<>();
      JsonNode cases = TowerCase.json(folder, "cases.json");
      cases.path("texts").forEach(text -> texts.add(text.asText()));
      List<int[]> ids = tokenizer.encodeAllTruncated(texts, loaded.maxTokens());
      try (Scope scope = Scope.open()) {
        Ops ops = Ops.inference();
        Tensor pictures = loaded.pictures(ops, stored.pixels(""));
        Tensor ofTexts = loaded.texts(ops, ids, tokenizer.paddingId());
        assertClose(pictures.toFloats(), stored, "image_features", TOLERANCE);
        assertClose(ofTexts.toFloats(), stored, "text_features", TOLERANCE);
        float[] left = ops.normalize(pictures).toFloats();
        float[] right = ops.normalize(ofTexts).toFloats();
        assertClose(left, stored, "image_embeds", NORMALIZED);
        assertClose(right, stored, "text_embeds", NORMALIZED);
        compare(loaded, rows(left, loaded.dimension()), rows(right, loaded.dimension()), stored);
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static void compare(
      ContrastiveModel model, List<float[]> pictures, List<float[]> texts, TowerCase stored) {
    float[] logits = new float[pictures.size() * texts.size()];
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < pictures.size(); i++) {
      double[] own = model.logits(pictures.get(i), texts);
      for (int k = 0; k < own.length; k++) {
        logits[i * own.length + k] = (float) own[k];
      }
      System.arraycopy(model.probabilities(own), 0, probabilities, i * own.length, own.length);
    }
    assertClose(logits, stored, "logits_per_image", TOLERANCE);
    assertClose(probabilities, stored, "probabilities", NORMALIZED);
  }

  private static List<float[]> rows(float[] values, int width) {
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < values.length; i += width) {
      rows.add(Arrays.copyOfRange(values, i, i + width));
    }
    return rows;
  }

  private static void assertClose(float[] found, TowerCase stored, String name, double tolerance) {
    float[] wanted = stored.floats(name);
    assertThat(found).as(name).hasSameSizeAs(wanted);
    assertThat(Floats.worst(found, wanted)).as(name).isLessThan(tolerance);
  }
}
