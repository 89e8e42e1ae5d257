package io.adapt4j.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters of the image tower, which requests name. */
class PictureAdaptersTest {

  private static final Path MODEL = Path.of("src", "test", "resources", "models", "idefics3");
  private static final Path PICTURE = MODEL.resolve("images").resolve("photo_37x53.png");
  private static final GenerationOptions SCORED =
      PictureCase.SIXTEEN.toBuilder().maxNewTokens(4).logprobs(0).build();

  private static final double TOLERANCE = 1e-4;

  @TempDir private Path folder;

  private final long before = Tensor.live();
  private Adapter tower;
  private Adapter projector;
  private double[] withoutAny;
  private double[] withTower;
  private double[] withProjector;

  @BeforeEach
  void trainAdapters() throws IOException {
    Path rows = folder.resolve("rows.jsonl");
    Files.writeString(
        rows,
        "{\"messages\":[{\"role\":\"user\",\"content\":\"<image>What?\"},{\"role\":\"assistant\","
            + "\"content\":\"a photo\"}],\"images\":[\"%s\"]}%n"
                .formatted(PICTURE.toAbsolutePath()));
    tower = trained(rows, Lora.rank(2).targets(Targets.regex(".*vision_model.*(v_proj|fc.)")));
    projector =
        trained(
            rows,
            Lora.rank(2)
                .targets(Targets.regex(".*text_model.*q_proj"))
                .modulesToSave("modality_projection"));
    withoutAny = alone();
    withTower = alone(tower);
    withProjector = alone(projector);
    assertThat(withTower[0]).isNotCloseTo(withoutAny[0], within(10 * TOLERANCE));
    assertThat(withProjector[0]).isNotCloseTo(withoutAny[0], within(10 * TOLERANCE));
  }

  private Adapter trained(Path rows, Lora method) {
    return LoraAdapter.at(
        FineTuner.builder()
            .model(ModelSource.path(MODEL))
            .dataset(Datasets.jsonl(rows))
            .method(method)
            .precision(Precision.FP32)
            .epochs(4)
            .learningRate(2e-2)
            .output(folder.resolve("run" + method.hashCode()))
            .build()
            .run()
            .last());
  }

  private static VisionLanguageModel load(Adapter... adapters) {
    return VisionLanguageModel.load(
        ModelSource.path(MODEL), WeightFormat.asStored(), Precision.FP32, adapters);
  }

  private static double[] alone(Adapter... adapters) {
    try (VisionLanguageModel model = load(adapters)) {
      return ask(model);
    }
  }

  /** Returns the log-probabilities of the answer's tokens. */
  private static double[] ask(VisionLanguageModel model) {
    ChatMessage question =
        ChatMessage.of(
            Map.of(
                "role",
                "user",
                "content",
                List.of(Map.of("type", "image"), Map.of("type", "text", "text", "What?"))));
    Generation answer =
        model.chat(
            List.of(question),
            List.of(Picture.read(PICTURE)),
            ChatOptions.defaults(),
            SCORED,
            text -> {},
            new CancellationToken());
    return answer.logprobs().stream().mapToDouble(TokenLogprobs::logprob).toArray();
  }

  @AfterEach
  void everythingIsFreed() {
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aRequestWithAnAdapterReadsPicturesWithItAlone() {
    try (VisionLanguageModel model = load()) {
      assertThat(ask(model)).containsExactly(withoutAny, within(TOLERANCE));
      model.languageModel().addAdapter("tower", tower);
      model.languageModel().addAdapter("projector", projector);
      for (String active : List.of("tower", "projector")) {
        assertThat(ask(model.withAdapter("tower"))).containsExactly(withTower, within(TOLERANCE));
        assertThat(ask(model.withAdapter("projector")))
            .containsExactly(withProjector, within(TOLERANCE));
        model.languageModel().useAdapters(active);
      }
      assertThat(ask(model)).containsExactly(withProjector, within(TOLERANCE));
      assertThat(model.languageModel().withoutAdapters(() -> ask(model)))
          .containsExactly(withoutAny, within(TOLERANCE));
    }
  }

  @Test
  void requestsWithDifferentAdaptersRunBesideEachOther() {
    try (VisionLanguageModel model = load()) {
      model.limitPictures(0);
      model.languageModel().addAdapter("tower", tower);
      model.languageModel().addAdapter("projector", projector);
      List<VisionLanguageModel> views =
          List.of(model, model.withAdapter("tower"), model.withAdapter("projector"));
      List<CompletableFuture<double[]>> answers =
          Stream.generate(() -> views)
              .limit(3)
              .flatMap(List::stream)
              .map(view -> CompletableFuture.supplyAsync(() -> ask(view)))
              .toList();
      for (int i = 0; i < answers.size(); i++) {
        double[] expected = List.of(withoutAny, withTower, withProjector).get(i % 3);
        assertThat(answers.get(i).join()).containsExactly(expected, within(TOLERANCE));
      }
    }
  }

  @Test
  void aReplacedAdapterReadsPicturesAnew() {
    try (VisionLanguageModel model = load()) {
      model.languageModel().addAdapter("mine", tower);
      assertThat(ask(model.withAdapter("mine"))).containsExactly(withTower, within(TOLERANCE));
      model.languageModel().replaceAdapter("mine", projector);
      assertThat(ask(model.withAdapter("mine"))).containsExactly(withProjector, within(TOLERANCE));
      VisionLanguageModel view = model.withAdapter("mine");
      model.languageModel().removeAdapter("mine");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ask(view))
          .withMessageContaining("mine");
      assertThat(ask(model)).containsExactly(withoutAny, within(TOLERANCE));
    }
  }
}
