package io.adapt4j.speech;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Refusals;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.memory.ActivationMemory;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.task.TaskDefinitions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import io.adapt4j.speech.transcript.SpeechTask;
import io.adapt4j.speech.transcript.TranscriptionOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fine-tuning of a small Whisper of random weights on recordings in which each word is a tone. */
class TranscriptionTaskTest {

  private static final int RATE = 16_000;
  private static final List<String> TEXTS = List.of("red", "blue", "red blue", "blue red");

  @TempDir private Path folder;
  private final List<EvaluationEvent> evaluations = new ArrayList<>();

  private static float[] spoken(String text) {
    String[] words = text.split(" ", -1);
    float[] all = new float[words.length * RATE / 2];
    for (int i = 0; i < words.length; i++) {
      float[] tone = Wav.tone(words[i].equals("red") ? 300 : 1500, RATE, RATE * 2 / 5);
      System.arraycopy(tone, 0, all, i * RATE / 2, tone.length);
    }
    return all;
  }

  @BeforeEach
  void record() throws IOException {
    Files.createDirectories(folder.resolve("sounds"));
    StringBuilder rows = new StringBuilder();
    for (String text : TEXTS) {
      String name = "sounds/" + text.replace(' ', '_') + ".wav";
      Wav.write(folder.resolve(name), RATE, spoken(text));
      rows.append("{\"file_name\": \"%s\", \"transcription\": \"%s\"}\n".formatted(name, text));
    }
    Files.writeString(folder.resolve("metadata.jsonl"), rows);
  }

  private Dataset rows() {
    return Datasets.read(folder.resolve("metadata.jsonl")).open();
  }

  private FineTuner.Builder tuner(FineTuningMethod method, Dataset rows) {
    return FineTuner.builder()
        .model(ModelSource.path(SpeechTranscriberTest.tiny()))
        .task(TranscriptionTask.create().language("en"))
        .dataset(new Split(rows, rows.take(rows.size()), rows.take(0)))
        .method(method)
        .precision(Precision.FP32)
        .batchSize(2)
        .learningRate(1e-2)
        .evaluateEvery(Interval.steps(1000))
        .listener(
            new TrainingListener() {
              @Override
              public void evaluated(EvaluationEvent event) {
                evaluations.add(event);
              }
            })
        .output(folder.resolve("run"));
  }

  private static Lora lora() {
    return Lora.rank(8)
        .targets(Targets.names("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"));
  }

  private static List<String> heard(Path model, Adapter... adapters) {
    TranscriptionOptions options =
        TranscriptionOptions.builder()
            .language("en")
            .temperatures(0)
            .noSpeechThreshold(OptionalDouble.empty())
            .maxNewTokens(24)
            .build();
    try (SpeechTranscriber transcriber =
        SpeechTranscriber.load(ModelSource.path(model), Precision.FP32, adapters)) {
      return TEXTS.stream()
          .map(text -> transcriber.transcribe(spoken(text), RATE, options).text())
          .toList();
    }
  }

  @Test
  void anAdapterLearnsToWriteDownRecordings() throws IOException {
    long before = Tensor.live();
    Path adapter = tuner(lora(), rows()).epochs(60).build().run().last();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(evaluations).hasSize(2);
    assertThat(evaluations.get(0).metrics().get("wer")).isGreaterThanOrEqualTo(1);
    assertThat(evaluations.get(1).metrics().get("wer")).isZero();
    assertThat(evaluations.get(1).loss()).isLessThan(evaluations.get(0).loss() / 2);
    LoraAdapter learned = LoraAdapter.at(adapter);
    assertThat(heard(SpeechTranscriberTest.tiny(), learned)).isEqualTo(TEXTS);
    Path merged = folder.resolve("merged");
    learned.writeMerged(SpeechTranscriberTest.tiny(), merged);
    assertThat(heard(merged)).isEqualTo(TEXTS);
    // As PEFT, whose class for SEQ_2_SEQ_LM passes no features.
    assertThat(
            Json.parse(Files.readString(adapter.resolve("adapter_config.json")))
                .get("task_type")
                .isNull())
        .isTrue();
    try (Checkpoint saved = Checkpoint.openFile(adapter.resolve("adapter_model.safetensors"))) {
      assertThat(saved.names())
          .contains(
              "base_model.model.model.encoder.layers.0.self_attn.q_proj.lora_A.weight",
              "base_model.model.model.decoder.layers.1.encoder_attn.v_proj.lora_B.weight");
    }
  }

  @Test
  void fullFineTuningSavesAModelThatTranscribes() {
    Path model =
        tuner(FullFineTuning.create(), rows()).learningRate(3e-3).epochs(40).build().run().last();
    assertThat(evaluations.get(1).metrics().get("wer")).isZero();
    assertThat(heard(model)).isEqualTo(TEXTS);
  }

  @Test
  void aRunThatWasCutGoesOnAsIfItHadNotBeen() throws IOException {
    FineTuner.Builder run =
        tuner(lora(), rows()).epochs(3).saveEvery(Interval.steps(2)).saveLimit(9);
    Path whole = run.output(folder.resolve("whole")).build().run().last();
    Path parts = folder.resolve("parts");
    run.output(parts).build().run();
    for (String later : List.of("step-00000004", "step-00000006")) {
      delete(parts.resolve("states").resolve(later));
    }
    Path resumed = run.resume().build().run().last();
    try (Checkpoint one = Checkpoint.openFile(whole.resolve("adapter_model.safetensors"));
        Checkpoint two = Checkpoint.openFile(resumed.resolve("adapter_model.safetensors"))) {
      for (String name : one.names()) {
        assertThat(two.bytes(name)).as(name).isEqualTo(one.bytes(name));
      }
    }
    // The same file names with another sound are another run.
    Wav.write(folder.resolve("sounds/red.wav"), RATE, spoken("blue"));
    delete(parts.resolve("states").resolve("step-00000006"));
    Refusals.refuses(RuntimeException.class, () -> run.dataset(rows()).build().run(), "data");
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> inside = Files.walk(folder)) {
      for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @Test
  void rowsMayHoldTheBytes() throws IOException {
    List<Example> inRows = new ArrayList<>();
    for (String text : TEXTS) {
      byte[] bytes = Wav.of(Wav.PCM, 16, RATE, spoken(text));
      inRows.add(
          new Example.Recording(
              "data:audio;base64," + Base64.getEncoder().encodeToString(bytes), text));
    }
    tuner(lora(), rows()).maxSteps(1).output(folder.resolve("files")).build().run();
    tuner(lora(), Datasets.of(inRows)).maxSteps(1).build().run();
    assertThat(evaluations.get(3)).isEqualTo(evaluations.get(1));
  }

  @Test
  void aPlanCountsAllPositionsOfTheEncoder() {
    assertThat(tuner(lora(), rows()).build().plan().peakBytes()).isPresent();
    ModelConfig config = ModelConfig.read(SpeechTranscriberTest.tiny());
    try (Network declared = Architectures.declare(config)) {
      ActivationMemory memory =
          new ActivationMemory(
              () -> Architectures.declare(config), TrainableSummary.lowRank(declared, 8));
      long one = memory.of(new ActivationMemory.Batch(1, 4, DType.F32, false)).kept();
      long longer = memory.of(new ActivationMemory.Batch(1, 8, DType.F32, false)).kept();
      long four = memory.of(new ActivationMemory.Batch(4, 4, DType.F32, false)).kept();
      // At least the inputs of 6 projections in 2 layers, of 150 positions and 32 or 64 values.
      assertThat(one).isGreaterThan(2 * 150 * (5 * 32 + 64) * 4L).isGreaterThan(longer - one);
      assertThat(four).isBetween(3 * one, 5 * one);
    }
  }

  @Test
  void whatCannotBeLearnedIsRefusedBeforeTraining() throws IOException {
    Files.delete(folder.resolve("sounds/blue.wav"));
    refused(rows(), "metadata.jsonl line 2", "blue.wav", "found nothing", "Correct the path");
    Wav.write(folder.resolve("sounds/blue.wav"), RATE, new float[4 * RATE]);
    refused(rows(), "metadata.jsonl line 2", "up to 3 s", "found 4.0 s", "Cut it into parts");
    Files.writeString(folder.resolve("sounds/blue.wav"), "an mp3");
    refused(rows(), "metadata.jsonl line 2", "expected a WAV file", "ffmpeg");
    refused(Datasets.of(List.of(new Example.Recording("data:audio;base64,?", "red"))), "base64");
    refused(Datasets.of(List.of(new Example.Text("red"))), "expected a recording", "RECORDING");
    Refusals.refuses(
        SettingsException.class,
        () -> tuner(lora(), rows()).task(TranscriptionTask.create()).build().run(),
        "language: expected one of [de, en",
        "found none");
    Refusals.refuses(
        SettingsException.class,
        () -> tuner(lora(), rows()).task(TranscriptionTask.create().language("xx")).build().run(),
        "found xx");
    assertThat(folder.resolve("run/last")).doesNotExist();
  }

  private void refused(Dataset rows, String... texts) {
    Refusals.refuses(SettingsException.class, () -> tuner(lora(), rows).build().run(), texts);
  }

  @Test
  void recipesNameTheTask() {
    Task task = TranscriptionTask.create().language("DE").task(SpeechTask.TRANSLATE);
    Fields recipe = fields("task: {transcription: {language: de, task: translate}}");
    assertThat(TaskDefinitions.read(recipe)).contains(task);
    String written = "{\"task\":" + TaskDefinitions.write(task).orElseThrow() + "}";
    assertThat(TaskDefinitions.read(fields(written))).contains(task);
  }

  private static Fields fields(String yaml) {
    return Fields.of("", Documents.parse("run.yaml", Path.of(""), yaml), new Problems());
  }
}
