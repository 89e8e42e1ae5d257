package io.adapt4j.speech.internal.whisper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Floats;
import io.adapt4j.core.Golden;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.speech.internal.audio.MelFilters;
import io.adapt4j.speech.internal.audio.MelSettings;
import io.adapt4j.speech.internal.audio.Samples;
import io.adapt4j.speech.internal.audio.Spectrogram;
import io.adapt4j.speech.internal.audio.WavFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whisper against numbers that Transformers computed, in {@code ../shared/golden}. */
class WhisperGoldenTest {

  private static final Path FOLDER = Path.of("multimodal", "models", "whisper");

  @ParameterizedTest
  @ValueSource(strings = {"transcribe", "translate", "detect", "batch", "noise", "short"})
  void featuresEqualTheReference(String name) throws Exception {
    Path folder = Golden.folder(FOLDER.toString());
    MelSettings settings = MelSettings.read(folder);
    try (Reference reference = Reference.open(folder)) {
      List<float[]> rows = reference.features(name, settings);
      float[] wanted = reference.floats(name + ".input_features");
      assertFeatures(joined(rows), wanted);
    }
  }

  @Test
  void filtersAndFeaturesOfThirtySecondsEqualTheReference() throws Exception {
    Path folder = Golden.folder(FOLDER.toString());
    try (Reference reference = Reference.open(folder)) {
      float[] filters = MelFilters.of(201, 80, 16_000);
      assertSampled(filters, reference.floats("thirty.mel_filters"), 1e-8);
      MelSettings settings = new MelSettings(16_000, 400, 160, 80, 480_000, false);
      float[] found = reference.features(folder.resolve("audio/hello_en.wav"), settings);
      assertFeatures(found, reference.floats("thirty.input_features"));
      MelSettings normal = new MelSettings(16_000, 400, 160, 80, 48_000, true);
      float[] scaled = reference.features(folder.resolve("audio/hello_en.wav"), normal);
      assertFeatures(scaled, reference.floats("do_normalize.input_features"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"transcribe", "translate", "timestamps", "batch", "detect", "prompt"})
  void encoderLogitsAndLossEqualTheReference(String name) throws Exception {
    Path folder = Golden.folder(FOLDER.toString());
    try (Reference reference = Reference.open(folder);
        WhisperModel model = load(folder);
        Scope scope = Scope.open()) {
      EncoderDecoder network = model.network();
      SequenceSource source = model.listen(reference.windows(name, model.features()));
      assertSampled(
          source.states().toFloats(), reference.floats(name + ".encoder_last_hidden_state"), 1e-4);
      long[] ids = reference.longs(name + ".decoder_input_ids");
      int rows = reference.files(name).size();
      Tensor targets = Tensor.of(ids, rows, ids.length / rows);
      Tensor states = network.write(Ops.inference(), source, targets, false, null);
      float[] logits = network.head().logits(states).toFloats();
      int vocabulary = logits.length / ids.length;
      if (reference.has(name + ".logits")) {
        assertSampled(logits, reference.floats(name + ".logits"), 1e-4);
      } else {
        float[] wanted = reference.floats(name + ".logits_last");
        int last = wanted.length / rows;
        int all = logits.length / rows;
        for (int row = 0; row < rows; row++) {
          float[] part = Arrays.copyOfRange(logits, (row + 1) * all - last, (row + 1) * all);
          assertSampled(part, Arrays.copyOfRange(wanted, row * last, (row + 1) * last), 1e-4);
        }
      }
      long[] labels = reference.longs(name + ".labels");
      double loss = 0;
      for (int i = 0; i < labels.length; i++) {
        float[] scores = Arrays.copyOfRange(logits, i * vocabulary, (i + 1) * vocabulary);
        loss += WindowRules.logSum(scores, 0, vocabulary) - scores[Math.toIntExact(labels[i])];
      }
      assertThat(loss / labels.length)
          .isCloseTo(reference.of(name).path("loss_of_next_tokens").asDouble(), within(1e-4));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"transcribe", "translate", "timestamps", "batch", "detect", "prompt"})
  void generatedTokensEqualTheReference(String name) throws Exception {
    Path folder = Golden.folder(FOLDER.toString());
    try (Reference reference = Reference.open(folder);
        WhisperModel model = load(folder);
        Scope scope = Scope.open()) {
      JsonNode stated = reference.of(name);
      SpeechTokens tokens = model.tokens();
      WindowWriter writer = new WindowWriter(model.network(), tokens);
      boolean timestamps = stated.path("return_timestamps").asBoolean();
      long[] wanted = reference.longs(name + ".generated");
      int rows = reference.files(name).size();
      for (int row = 0; row < rows; row++) {
        float[] features = reference.features(name, model.features()).get(row);
        SequenceSource source = model.listen(reference.tensor(List.of(features), model.features()));
        String language = stated.path("language").asText();
        if (stated.path("language").isNull()) {
          int id = writer.language(source).getValue();
          assertThat(id).isEqualTo((int) reference.longs(name + ".detected_language_id")[row]);
          language = writer.language(source).getKey();
          assertLanguages(reference, stated, tokens, writer.languageScores(source));
        }
        OptionalInt spoken = OptionalInt.of(tokens.languages().get(language));
        int[] own = tokens.prompt(spoken, stated.path("task").asText(), timestamps);
        int[] before = new int[0];
        if (stated.has("prompt")) {
          before = ints(reference.longs(name + ".prompt_ids"));
          int[] text = model.tokenizer().encode(" " + stated.path("prompt").asText(), false);
          assertThat(before).startsWith(tokens.previous().getAsInt()).endsWith(text);
        }
        int[] prompt = joined(before, own);
        int[] ids =
            writer
                .write(source, prompt, timestamps, 14, 0, new SplittableRandom(0), () -> false)
                .ids();
        WindowSegments parts = WindowSegments.of(ids, tokens.firstTimestamp(), 300);
        int[] found =
            parts.parts().stream().map(WindowSegments.Part::ids).reduce(new int[0], this::joined);
        int width = wanted.length / rows;
        assertThat(found)
            .isEqualTo(ints(Arrays.copyOfRange(wanted, row * width, (row + 1) * width)));
      }
    }
  }

  private static void assertLanguages(
      Reference reference, JsonNode stated, SpeechTokens tokens, float[] scores) {
    float[] wanted = reference.floats(stated.path("name").asText() + ".language_logits");
    for (int i = 0; i < wanted.length; i++) {
      String code = stated.path("languages").get(i).asText();
      assertThat(scores[tokens.languages().get(code)]).isCloseTo(wanted[i], within(1e-4f));
    }
  }

  private static WhisperModel load(Path folder) {
    return WhisperModel.load(folder, Precision.FP32, WeightFormat.asStored(), List.of());
  }

  private static int[] ints(long[] values) {
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }

  private int[] joined(int[] first, int[] second) {
    int[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  private static float[] joined(List<float[]> rows) {
    float[] all = new float[rows.size() * rows.get(0).length];
    for (int i = 0; i < rows.size(); i++) {
      System.arraycopy(rows.get(i), 0, all, i * rows.get(0).length, rows.get(0).length);
    }
    return all;
  }

  /**
   * Compares features. The reference's transform in single precision is itself up to 2e-5 from the
   * exact values, in one value of a few hundred in the quietest bands.
   */
  private static void assertFeatures(float[] found, float[] wanted) {
    float[] sampled = sampled(found, wanted.length);
    assertThat(Floats.worst(sampled, wanted)).isLessThan(2.5e-5);
    long beyond =
        IntStream.range(0, wanted.length)
            .filter(i -> Math.abs(sampled[i] - wanted[i]) > 1e-5)
            .count();
    assertThat(beyond).isLessThanOrEqualTo(wanted.length / 200);
  }

  /** Compares every k-th value, where the reference has only those. */
  private static void assertSampled(float[] found, float[] wanted, double tolerance) {
    assertThat(Floats.worst(sampled(found, wanted.length), wanted)).isLessThan(tolerance);
  }

  private static float[] sampled(float[] found, int count) {
    int every = (found.length + count - 1) / count;
    assertThat((found.length + every - 1) / every).isEqualTo(count);
    float[] sampled = new float[count];
    for (int i = 0; i < count; i++) {
      sampled[i] = found[i * every];
    }
    return sampled;
  }

  /** The cases of a folder and their numbers. */
  private record Reference(Path folder, SafetensorsFile numbers, JsonNode cases)
      implements AutoCloseable {

    static Reference open(Path folder) throws Exception {
      JsonNode cases = Json.parse(Files.readString(folder.resolve("cases.json")));
      return new Reference(
          folder, SafetensorsFile.open(folder.resolve("expected.safetensors")), cases);
    }

    JsonNode of(String name) {
      return StreamSupport.stream(cases.path("cases").spliterator(), false)
          .filter(stated -> stated.path("name").asText().equals(name))
          .findFirst()
          .orElseThrow();
    }

    Stream<Path> recordings(String name) {
      return files(name).stream().map(folder.resolve("audio")::resolve);
    }

    List<String> files(String name) {
      return StreamSupport.stream(of(name).path("files").spliterator(), false)
          .map(JsonNode::asText)
          .toList();
    }

    /** Features of each file [mels, frames], as the reference has them. */
    List<float[]> features(String name, MelSettings settings) {
      return recordings(name).map(file -> features(file, settings)).toList();
    }

    float[] features(Path file, MelSettings settings) {
      try (Samples samples = WavFile.open(file);
          Scope scope = Scope.open()) {
        Tensor window = new Spectrogram(samples, settings, scope.engine()).window(0);
        return turned(window.toFloats(), settings.frames(), settings.mels());
      }
    }

    Tensor windows(String name, MelSettings settings) {
      return tensor(features(name, settings), settings);
    }

    Tensor tensor(List<float[]> rows, MelSettings settings) {
      List<float[]> frames =
          rows.stream().map(row -> turned(row, settings.mels(), settings.frames())).toList();
      return Tensor.of(joined(frames), rows.size(), settings.frames(), settings.mels());
    }

    private static float[] turned(float[] values, int rows, int columns) {
      float[] turned = new float[values.length];
      for (int i = 0; i < values.length; i++) {
        turned[i % columns * rows + i / columns] = values[i];
      }
      return turned;
    }

    boolean has(String name) {
      return numbers.entries().containsKey(name);
    }

    float[] floats(String name) {
      ByteBuffer bytes = bytes(name);
      float[] values = new float[bytes.remaining() / Float.BYTES];
      bytes.asFloatBuffer().get(values);
      return values;
    }

    long[] longs(String name) {
      ByteBuffer bytes = bytes(name);
      long[] values = new long[bytes.remaining() / Long.BYTES];
      bytes.asLongBuffer().get(values);
      return values;
    }

    private ByteBuffer bytes(String name) {
      int length = Math.toIntExact(numbers.entries().get(name).length());
      return numbers.bytes(name, 0, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() {
      numbers.close();
    }
  }
}
