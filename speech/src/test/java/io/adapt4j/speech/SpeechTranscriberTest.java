package io.adapt4j.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.speech.transcript.Segment;
import io.adapt4j.speech.transcript.Transcript;
import io.adapt4j.speech.transcript.TranscriptionOptions;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transcription with a small model of random weights. */
class SpeechTranscriberTest {

  /** What Transformers generates for the recording, in English. */
  private static final List<Integer> TOKENS =
      List.of(99, 358, 342, 342, 411, 411, 140, 140, 140, 140, 140, 140, 140, 140);

  @TempDir Path folder;

  private static TranscriptionOptions.Builder greedy() {
    return TranscriptionOptions.builder()
        .temperatures(0)
        .noSpeechThreshold(OptionalDouble.empty())
        .maxNewTokens(14);
  }

  @Test
  void aRecordingOfOneWindowGivesTheTokensOfTheReference() {
    long before = Tensor.live();
    try (SpeechTranscriber model = load()) {
      Transcript found = model.transcribe(recording(), greedy().language("EN").build());
      assertThat(found.language()).contains("en");
      assertThat(found.duration()).isEqualTo(37_673 / 16_000.0);
      assertThat(found.segments()).hasSize(1);
      assertThat(found.segments().get(0).tokens()).isEqualTo(TOKENS);
      assertThat(found.segments().get(0).end()).isEqualTo(found.duration());
      assertThat(found.text()).contains("fuainain").isEqualTo(found.segments().get(0).text());
      assertThat(found.cancelled()).isFalse();
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void theLanguageIsDetectedUnlessItIsStated() {
    try (SpeechTranscriber model = load()) {
      assertThat(model.languages()).contains("en", "de", "fr");
      assertThat(model.transcribe(recording()).language()).isPresent();
      assertThat(model.transcribe(recording(), greedy().language("de").build()).language())
          .contains("de");
      assertThatThrownBy(() -> model.transcribe(recording(), greedy().language("klingon").build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("language: expected one of [de, en,")
          .hasMessageContaining("found klingon");
    }
  }

  @Test
  void aLongRecordingIsReadInWindowsWithRisingTimes() throws Exception {
    Path file = Wav.write(folder.resolve("long.wav"), 16_000, repeated(40));
    List<Segment> heard = new ArrayList<>();
    try (SpeechTranscriber model = load()) {
      Transcript found =
          model.transcribe(
              file, greedy().language("en").build(), heard::add, new CancellationToken());
      assertThat(found.segments()).isEqualTo(heard).hasSizeGreaterThan(2);
      double last = 0;
      for (Segment segment : heard) {
        assertThat(segment.start()).isGreaterThanOrEqualTo(last);
        assertThat(segment.end()).isBetween(segment.start(), found.duration());
        last = segment.start();
      }
      assertThat(last).isGreaterThan(30);
      Transcript stereo =
          model.transcribe(
              Files.write(
                  folder.resolve("stereo.wav"),
                  Wav.of(Wav.PCM, 16, 16_000, repeated(40), repeated(40))),
              greedy().language("en").build());
      assertThat(stereo).isEqualTo(found);
    }
  }

  @Test
  void aCancelledCallReturnsWhatItKnows() throws Exception {
    CancellationToken token = new CancellationToken();
    List<Segment> heard = new ArrayList<>();
    try (SpeechTranscriber model = load()) {
      Transcript found =
          model.transcribe(
              repeated(40),
              16_000,
              greedy().language("en").build(),
              segment -> {
                heard.add(segment);
                token.cancel();
              },
              token);
      assertThat(found.cancelled()).isTrue();
      assertThat(found.segments()).isEqualTo(heard).isNotEmpty();
      assertThat(heard.get(heard.size() - 1).start()).isLessThan(60);
    }
  }

  @Test
  void promptAndEarlierTextChangeWhatIsWritten() throws Exception {
    try (SpeechTranscriber model = load()) {
      TranscriptionOptions plain = greedy().language("en").build();
      String text = model.transcribe(recording(), plain).text();
      assertThat(
              model.transcribe(recording(), plain.toBuilder().prompt("hello world").build()).text())
          .isNotEqualTo(text);
      String first = model.transcribe(repeated(40), 16_000, plain).text();
      String conditioned =
          model
              .transcribe(
                  repeated(40), 16_000, plain.toBuilder().conditionOnPreviousText(true).build())
              .text();
      assertThat(conditioned).isNotEqualTo(first);
    }
  }

  @Test
  void anUnsureWindowIsWrittenAgainAtAHigherTemperature() {
    try (SpeechTranscriber model = load()) {
      TranscriptionOptions options =
          greedy()
              .temperatures(0, 0.7)
              .logProbabilityThreshold(OptionalDouble.of(-1e-6))
              .language("en")
              .build();
      Transcript found = model.transcribe(recording(), options);
      assertThat(found.segments().get(0).quality().temperature()).isEqualTo(0.7);
      assertThat(model.transcribe(recording(), options)).isEqualTo(found);
      Transcript silent =
          model.transcribe(
              recording(), options.toBuilder().noSpeechThreshold(OptionalDouble.of(0)).build());
      assertThat(silent.segments()).isEmpty();
    }
  }

  @Test
  void bfloat16Transcribes() {
    try (SpeechTranscriber model =
        SpeechTranscriber.load(ModelSource.path(tiny()), Precision.BF16)) {
      Transcript found = model.transcribe(recording(), greedy().timestamps(true).build());
      assertThat(found.segments()).isNotEmpty();
    }
  }

  @Test
  void nothingIsSaidInAnEmptyRecording() {
    try (SpeechTranscriber model = load()) {
      Transcript found = model.transcribe(new float[0], 16_000, TranscriptionOptions.defaults());
      assertThat(found.text()).isEmpty();
      assertThat(found.segments()).isEmpty();
    }
  }

  @Test
  void whatDoesNotFitIsRefusedByName() throws Exception {
    assertThatThrownBy(() -> SequenceToSequenceModel.load(ModelSource.path(tiny())))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("SpeechTranscriber");
    for (Path file : list(tiny())) {
      Files.copy(file, folder.resolve(file.getFileName()));
    }
    Path features = folder.resolve("preprocessor_config.json");
    String right = Files.readString(features);
    Files.writeString(features, right.replace("\"feature_size\": 80", "\"feature_size\": 128"));
    assertThatThrownBy(() -> SpeechTranscriber.load(ModelSource.path(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected 80 bands (num_mel_bins)");
    Files.writeString(features, right.replace("\"dither\": 0.0", "\"dither\": 0.1"));
    assertThatThrownBy(() -> SpeechTranscriber.load(ModelSource.path(folder)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("dither");
  }

  private static List<Path> list(Path of) throws Exception {
    try (var files = Files.list(of)) {
      return files.toList();
    }
  }

  private static float[] repeated(int times) {
    float[] all = Wav.tone(300, 16_000, times * 40_000);
    for (int i = 0; i < times; i++) {
      float[] part = Wav.tone(200 + 150 * i, 16_000, 20_000);
      System.arraycopy(part, 0, all, i * 40_000, part.length);
      Arrays.fill(all, i * 40_000 + 30_000, (i + 1) * 40_000, 0);
    }
    return all;
  }

  static SpeechTranscriber load() {
    return SpeechTranscriber.load(ModelSource.path(tiny()));
  }

  private static Path recording() {
    return tiny().resolve("hello_en.wav");
  }

  static Path tiny() {
    try {
      return Path.of(
              Objects.requireNonNull(SpeechTranscriberTest.class.getResource("tiny/config.json"))
                  .toURI())
          .getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
