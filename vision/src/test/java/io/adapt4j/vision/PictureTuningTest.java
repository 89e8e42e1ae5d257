package io.adapt4j.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.Golden;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.finetune.Preview;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import io.adapt4j.qlora.QLora;
import io.adapt4j.qlora.Quantization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters trained on rows with pictures. */
class PictureTuningTest {

  private static final Path MODEL = Path.of("src", "test", "resources", "models", "idefics3");
  private static final Path PICTURES = MODEL.resolve("images");
  private static final String QUESTION = "Which one?";

  @TempDir private Path folder;

  private final long before = Tensor.live();
  private Path rows;

  @BeforeEach
  void writeRows() throws IOException {
    Files.createDirectories(folder.resolve("pictures"));
    for (String name : List.of("photo_37x53.png", "page_170x90.png")) {
      Files.copy(PICTURES.resolve(name), folder.resolve("pictures").resolve(name));
    }
    rows = folder.resolve("rows.jsonl");
    Files.write(
        rows,
        List.of(
            row("a photo", "\"pictures/photo_37x53.png\""),
            row("a page", "\"pictures/page_170x90.png\""),
            // As Parquet files of the Hub hold them.
            row("a photo", "{\"bytes\":\"" + base64("photo_37x53.png") + "\",\"path\":null}"),
            row("a page", "{\"path\":\"pictures/page_170x90.png\"}")));
  }

  private static String row(String answer, String picture) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":\"<image>%s\"},".formatted(QUESTION)
        + "{\"role\":\"assistant\",\"content\":\"%s\"}],\"images\":[%s]}"
            .formatted(answer, picture);
  }

  private static String base64(String name) throws IOException {
    return Base64.getEncoder().encodeToString(Files.readAllBytes(PICTURES.resolve(name)));
  }

  @AfterEach
  void everythingIsFreed() {
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private FineTuner.Builder tuner(String output, int steps) {
    return FineTuner.builder()
        .model(ModelSource.path(MODEL))
        .dataset(Datasets.jsonl(rows))
        .method(
            Lora.rank(8)
                .targets(Targets.regex(".*text_model.*_proj"))
                .modulesToSave("modality_projection"))
        .precision(Precision.FP32)
        .epochs(1000)
        .maxSteps(steps)
        .batchSize(2)
        .learningRate(5e-3)
        .output(folder.resolve(output));
  }

  private static String answer(Path picture, Adapter... adapters) {
    return answer(MODEL, picture, adapters);
  }

  private static String answer(Path folder, Path picture, Adapter... adapters) {
    ChatMessage question =
        ChatMessage.of(
            Map.of(
                "role",
                "user",
                "content",
                List.of(Map.of("type", "image"), Map.of("type", "text", "text", QUESTION))));
    try (VisionLanguageModel model =
        VisionLanguageModel.load(
            ModelSource.path(folder), WeightFormat.asStored(), Precision.FP32, adapters)) {
      return model.chat(List.of(question), List.of(Picture.read(picture)), PictureCase.SIXTEEN);
    }
  }

  @Test
  void aModelLearnsToTellPicturesApart() throws IOException {
    FineTuneReport report = tuner("learned", 60).build().run();
    assertThat(report.lastLoss()).isLessThan(0.1 * report.firstLoss());
    Adapter learned = LoraAdapter.at(report.last());
    assertThat(answer(PICTURES.resolve("photo_37x53.png"), learned)).startsWith("a photo");
    assertThat(answer(PICTURES.resolve("page_170x90.png"), learned)).startsWith("a page");
    assertThat(Files.readString(report.last().resolve("adapter_config.json")))
        .contains("modality_projection");
  }

  @Test
  void aStoppedRunGoesOnToTheBit() throws IOException {
    Path whole = tuner("whole", 6).saveEvery(Interval.steps(2)).build().run().last();
    FineTuner[] running = new FineTuner[1];
    List<Double> losses = new ArrayList<>();
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            losses.add(event.loss());
            if (event.step() == 3) {
              running[0].stop();
            }
          }
        };
    running[0] = tuner("cut", 6).saveEvery(Interval.steps(2)).listener(stop).build();
    running[0].run();
    assertThat(losses).hasSize(3);
    Path rest = tuner("cut", 6).saveEvery(Interval.steps(2)).resume().build().run().last();
    assertThat(rest.resolve("adapter_model.safetensors"))
        .hasSameBinaryContentAs(whole.resolve("adapter_model.safetensors"));
  }

  @Test
  void theTowerTrainsWhereTargetsNameIt() {
    FineTuneReport report =
        tuner("tower", 2)
            .method(Lora.rank(2).targets(Targets.regex(".*vision_model.*q_proj")))
            .build()
            .run();
    assertThat(answer(PICTURES.resolve("photo_37x53.png"), LoraAdapter.at(report.last())))
        .isNotEmpty();
  }

  @Test
  void aMergedModelAnswersAsWithItsAdapter() {
    FineTuneReport report =
        tuner("to_merge", 30)
            .method(
                Lora.rank(4)
                    .targets(Targets.names("q_proj", "v_proj"))
                    .modulesToSave("modality_projection"))
            .build()
            .run();
    LoraAdapter adapter = LoraAdapter.at(report.last());
    Path merged = folder.resolve("merged");
    adapter.writeMerged(MODEL, merged);
    for (String name : List.of("photo_37x53.png", "page_170x90.png")) {
      assertThat(answer(merged, PICTURES.resolve(name)))
          .isEqualTo(answer(PICTURES.resolve(name), adapter));
    }
  }

  @Test
  void aModelThatTrainsInFullKeepsItsTower() {
    FineTuneReport report = tuner("full", 40).method(FullFineTuning.create()).build().run();
    assertThat(answer(report.last(), PICTURES.resolve("photo_37x53.png"))).startsWith("a ");
  }

  @Test
  void theTextModelMayBeHeldInFourBits() {
    FineTuneReport report =
        tuner("quantized", 40)
            .method(
                QLora.of(
                    Quantization.nf4(),
                    Lora.rank(8)
                        .targets(Targets.regex(".*text_model.*_proj"))
                        .modulesToSave("modality_projection")))
            .build()
            .run();
    assertThat(report.lastLoss()).isLessThan(0.5 * report.firstLoss());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"idefics3", "smolvlm", "lfm2_vl", "qwen2_5_vl", "qwen3_vl", "gemma3", "paligemma"})
  void everyFamilyTrainsInAllItsParts(String family) {
    Path model = Golden.folder("multimodal/models/" + family);
    FineTuneReport report =
        tuner("family", 12).model(ModelSource.path(model)).method(Lora.rank(4)).build().run();
    assertThat(report.lastLoss()).isLessThan(report.firstLoss());
    try (VisionLanguageModel loaded =
        VisionLanguageModel.load(
            ModelSource.path(model),
            WeightFormat.asStored(),
            Precision.FP32,
            LoraAdapter.at(report.last()))) {
      assertThat(loaded.languageModel().activeAdapters()).hasSize(1);
    }
  }

  @Test
  void aModelWithoutAChatTemplateLearnsAnswersToPrompts() throws IOException {
    ModelSource paligemma = ModelSource.path(Golden.folder("multimodal/models/paligemma"));
    FineTuneReport report =
        tuner("prompts", 60).model(paligemma).method(FullFineTuning.create()).build().run();
    assertThat(report.lastLoss()).isLessThan(0.1 * report.firstLoss());
    try (VisionLanguageModel learned =
        VisionLanguageModel.load(
            ModelSource.path(report.last()), WeightFormat.asStored(), Precision.FP32)) {
      for (String name : List.of("photo_37x53.png", "page_170x90.png")) {
        List<Picture> picture = List.of(Picture.read(PICTURES.resolve(name)));
        assertThat(learned.generate(QUESTION, picture, GenerationOptions.greedy()))
            .isEqualTo(name.startsWith("photo") ? "a photo" : "a page");
      }
    }
    String asked = row("a page", "\"pictures/page_170x90.png\"");
    String again =
        "{\"role\":\"user\",\"content\":\"And?\"},{\"role\":\"assistant\",\"content\":\"no\"}";
    refused(paligemma, asked.replace("}],", "}," + again + "],"), "one answer");
    refused(
        paligemma,
        asked.replace("<image>", "").replace("\"images\"", "\"others\""),
        "a picture in each");
  }

  private void refused(ModelSource model, String row, String message) throws IOException {
    Files.writeString(rows, row("a photo", "\"pictures/photo_37x53.png\"") + "\n" + row);
    assertThatThrownBy(() -> tuner("refused", 1).model(model).method(Lora.rank(2)).build().run())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("rows.jsonl line 2")
        .hasMessageContaining(message);
  }

  @Test
  void aPlanCountsThePicturesOfABatch() {
    FineTunePlan plan = tuner("plan", 1).build().plan();
    assertThat(plan.text()).contains("pictures in the image tower");
  }

  @Test
  void packedRowsAndRecomputedLayersGiveTheSameLosses() {
    Dataset data = Datasets.jsonl(rows);
    FineTuneReport padded =
        tuner("padded", 2).batchSize(4).dataset(new Split(data, data)).build().run();
    FineTuneReport packed =
        tuner("packed", 2)
            .batchSize(1)
            .packing(true)
            .maxLength(2000)
            .gradientCheckpointing(true)
            .dataset(new Split(data, data))
            .build()
            .run();
    assertThat(packed.firstLoss()).isCloseTo(padded.firstLoss(), within(1e-4));
    assertThat(packed.lastLoss()).isCloseTo(padded.lastLoss(), within(1e-3));
    assertThat(packed.initialValidationLoss().orElseThrow())
        .isCloseTo(padded.firstLoss(), within(1e-4));
  }

  @Test
  void allLinearLayersAreThoseOfTheTowerToo() throws IOException {
    FineTuneReport report = tuner("all", 1).method(Lora.rank(2)).build().run();
    try (Checkpoint stored =
        Checkpoint.openFile(report.last().resolve("adapter_model.safetensors"))) {
      assertThat(stored.names())
          .anyMatch(name -> name.contains("vision_model"))
          .anyMatch(name -> name.contains("connector"))
          .anyMatch(name -> name.contains("text_model"));
    }
  }

  @Test
  void aMissingPictureIsNamedWithItsRow() throws IOException {
    Files.delete(folder.resolve("pictures/page_170x90.png"));
    assertThatThrownBy(() -> tuner("missing", 1).build().run())
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("rows.jsonl line 2")
        .hasMessageContaining("page_170x90.png: no such file");
  }

  @Test
  void marksAndPicturesMustBeEqualInNumber() throws IOException {
    Files.writeString(rows, row("a page", "\"pictures/photo_37x53.png\",\"x.png\""));
    assertThatThrownBy(() -> Datasets.jsonl(rows))
        .hasMessageContaining("'images'")
        .hasMessageContaining("found 2");
  }

  @Test
  void aRowThatIsTooLongForItsPicturesSaysSo() {
    Dataset data = Datasets.jsonl(rows);
    assertThatThrownBy(() -> tuner("long", 1).dataset(data).maxLength(20).build().run())
        .hasMessageContaining("pictures are not cut")
        .hasMessageContaining("maxLength");
  }

  @Test
  void previewsMarkTheTokensOfPictures() {
    Preview preview = tuner("preview", 1).build().preview(1);
    assertThat(preview.text()).contains("<image>", "[a");
  }
}
