package extensions;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
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

  @Test
  void aFamilyOfItsOwnScoresTextAsLlama() throws IOException {
    ModelSource tale = tale("{");
    assertEquals(
        scores(Tiny.model(), WeightFormat.asStored()), scores(tale, WeightFormat.asStored()));
  }

  @Test
  void theFamilyReadsItsFields() throws IOException {
    List<Double> cool = scores(tale("{"), WeightFormat.asStored());
    ModelSource hot = tale("{\"logits_scaling\": 4, \"mlp_function\": \"gelu\",");
    assertNotEquals(cool, scores(hot, WeightFormat.asStored()));
    assertEquals(4, Tiny.losses(Tiny.tuner(folder.resolve("run")).model(hot).maxSteps(4)).size());
    CheckpointException refused =
        assertThrows(
            CheckpointException.class,
            () -> scores(tale("{\"logits_scaling\": -1,"), WeightFormat.asStored()));
    assertTrue(refused.getMessage().contains("logits_scaling"), refused.getMessage());
  }

  /** The tiny Llama as a model of the family, its configuration begun with some fields. */
  private ModelSource tale(String begin) throws IOException {
    Path tale = Files.createDirectories(folder.resolve("tale"));
    for (String name : List.of("model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
      Files.copy(Tiny.MODEL.resolve(name), tale.resolve(name), REPLACE_EXISTING);
    }
    String config = Files.readString(Tiny.MODEL.resolve("config.json"));
    Files.writeString(
        tale.resolve("config.json"),
        config
            .replace("\"model_type\": \"llama\"", "\"model_type\": \"tale\"")
            .replaceAll("\"(hidden_act|max_position_embeddings)\": [^,]+,", "")
            .replaceFirst("\\{", Matcher.quoteReplacement(begin)));
    return ModelSource.path(tale);
  }

  @Test
  void aMethodThatTrainsNormsSavesThemAlone() throws IOException {
    FineTuneReport report =
        Tiny.tuner(folder.resolve("run"))
            .method(FineTuningMethod.custom(new NormTuning()))
            .learningRate(0.01)
            .build()
            .run();
    assertTrue(
        report.bestValidationLoss().orElseThrow() < report.initialValidationLoss().orElseThrow());
    Path saved = report.last().resolve("selected_parameters.safetensors");
    assertTrue(Files.size(saved) < Files.size(Tiny.MODEL.resolve("model.safetensors")) / 100);
    try (LanguageModel model = LanguageModel.load(Tiny.model(), Adapter.at(report.last()))) {
      String text = " there was a little girl";
      double adapted = model.score("Once upon a time", text).sum();
      model.enableAdapters(false);
      assertNotEquals(adapted, model.score("Once upon a time", text).sum());
    }
  }

  @Test
  void anUpdateOfItsOwnTrainsAndLoads() {
    HadamardUpdate update = new HadamardUpdate();
    FineTuneReport report =
        Tiny.tuner(folder.resolve("run")).method(FineTuningMethod.custom(update)).build().run();
    assertTrue(
        report.bestValidationLoss().orElseThrow() < report.initialValidationLoss().orElseThrow());
    Adapter adapter = Adapter.custom(report.last(), update);
    try (LanguageModel model = LanguageModel.load(Tiny.model(), adapter)) {
      String text = " Lily saw the moon.";
      double adapted = model.score("Once upon a time", text).sum();
      model.enableAdapters(false);
      assertTrue(adapted > model.score("Once upon a time", text).sum());
    }
  }
}
