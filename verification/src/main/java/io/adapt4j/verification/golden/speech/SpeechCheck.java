package io.adapt4j.verification.golden.speech;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.eval.metric.TranscriptNormalizer;
import io.adapt4j.speech.internal.audio.MelFilters;
import io.adapt4j.speech.internal.audio.MelSettings;
import io.adapt4j.speech.internal.audio.Resampled;
import io.adapt4j.speech.internal.audio.Samples;
import io.adapt4j.speech.internal.audio.Spectrogram;
import io.adapt4j.speech.internal.audio.WavFile;
import io.adapt4j.speech.internal.whisper.SpeechTokens;
import io.adapt4j.speech.internal.whisper.WhisperModel;
import io.adapt4j.speech.internal.whisper.WindowSegments;
import io.adapt4j.speech.internal.whisper.WindowWriter;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.Tolerances;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Checks models that listen to recordings: features, encoder, logits, languages and tokens. */
public final class SpeechCheck {

  /** Folders of such models. */
  public static final Kind KIND =
      Kind.ofModel(
          "speech",
          source -> source.kind().equals("speech_seq2seq"),
          golden -> new SpeechCheck(golden).run());

  /** Transformers' transform in single precision is up to 2e-5 off in the quietest bands. */
  private static final double FEATURES = 2.5e-5;

  private static final double FILTERS = 1e-7;

  private final GoldenFolder golden;

  private SpeechCheck(GoldenFolder golden) {
    this.golden = golden;
  }

  private void run() {
    try (WhisperModel model =
            WhisperModel.load(golden.path(), Precision.FP32, WeightFormat.asStored(), List.of());
        Scope scope = Scope.open()) {
      MelSettings settings = model.features();
      JsonNode cases = GoldenFolder.json(golden.path(), GoldenSource.CASES).path("cases");
      Path first = recording(cases.path(0).path("files").path(0));
      golden.attempt(
          "thirty.mel_filters",
          () ->
              compared(
                  "thirty.mel_filters",
                  MelFilters.of(settings.window() / 2 + 1, settings.mels(), settings.rate()),
                  FILTERS));
      golden.attempt(
          "thirty.input_features",
          () -> features("thirty", List.of(first), chunked(settings, 30, settings.normalize())));
      golden.attempt(
          "do_normalize.input_features",
          () ->
              features(
                  "do_normalize",
                  List.of(first),
                  chunked(settings, settings.chunk() / settings.rate(), true)));
      for (JsonNode stated : cases) {
        String name = stated.path("name").asText();
        golden.attempt(name, () -> check(name, stated, model));
      }
    }
    golden.attempt("normaliser", this::normalizers);
  }

  private static MelSettings chunked(MelSettings settings, int seconds, boolean normalize) {
    return new MelSettings(
        settings.rate(),
        settings.window(),
        settings.hop(),
        settings.mels(),
        seconds * settings.rate(),
        normalize);
  }

  private Path recording(JsonNode file) {
    return golden.path().resolve("audio").resolve(file.asText());
  }

  private void check(String name, JsonNode stated, WhisperModel model) {
    List<Path> files = new ArrayList<>();
    stated.path("files").forEach(file -> files.add(recording(file)));
    features(name, files, model.features());
    if (!golden.has(name + ".decoder_input_ids")) {
      return;
    }
    SequenceSource source = model.listen(windows(files, model.features()));
    compared(name + ".encoder_last_hidden_state", source.states().toFloats(), Tolerances.FP32);
    logits(name, stated, model.network(), source, files.size());
    generated(name, stated, model, files);
  }

  private void features(String name, List<Path> files, MelSettings settings) {
    if (golden.has(name + ".input_features")) {
      float[] frames = windows(files, settings).toFloats();
      int count = settings.frames();
      int mels = settings.mels();
      float[] turned = new float[frames.length];
      for (int i = 0; i < frames.length; i++) {
        int row = i / (count * mels);
        int frame = i / mels % count;
        turned[(row * mels + i % mels) * count + frame] = frames[i];
      }
      compared(name + ".input_features", turned, FEATURES);
    }
  }

  private static Tensor windows(List<Path> files, MelSettings settings) {
    return Tensor.concatenated(files.stream().map(file -> window(file, settings)).toList(), 0);
  }

  private static Tensor window(Path file, MelSettings settings) {
    try (Samples samples = WavFile.open(file)) {
      Samples same = Resampled.at(settings.rate(), samples);
      return new Spectrogram(same, settings, Scope.current().engine()).window(0);
    }
  }

  private void logits(
      String name, JsonNode stated, EncoderDecoder network, SequenceSource source, int rows) {
    long[] ids = golden.longs(name + ".decoder_input_ids");
    Tensor targets = Tensor.of(ids, rows, ids.length / rows);
    Tensor states = network.write(Ops.inference(), source, targets, false, null);
    float[] logits = network.head().logits(states).toFloats();
    if (golden.has(name + ".logits")) {
      compared(name + ".logits", logits, Tolerances.FP32);
    }
    if (golden.has(name + ".logits_last")) {
      int last = golden.floats(name + ".logits_last").length / rows;
      int all = logits.length / rows;
      float[] found = new float[last * rows];
      for (int row = 0; row < rows; row++) {
        System.arraycopy(logits, (row + 1) * all - last, found, row * last, last);
      }
      compared(name + ".logits_last", found, Tolerances.FP32);
    }
    long[] labels = golden.longs(name + ".labels");
    int vocabulary = logits.length / ids.length;
    double loss =
        IntStream.range(0, labels.length)
            .mapToDouble(i -> loss(logits, i * vocabulary, vocabulary, (int) labels[i]))
            .average()
            .orElseThrow();
    golden.compared(
        name + ".loss_of_next_tokens",
        Deviation.of(loss, stated.path("loss_of_next_tokens"), Tolerances.FP32));
  }

  private static double loss(float[] logits, int from, int count, int label) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Math.exp(logits[from + i] - logits[from + label]);
    }
    return Math.log(sum);
  }

  private void generated(String name, JsonNode stated, WhisperModel model, List<Path> files) {
    SpeechTokens tokens = model.tokens();
    WindowWriter writer = new WindowWriter(model.network(), tokens);
    boolean timestamps = stated.path("return_timestamps").asBoolean();
    int[] introduction = prompt(name, stated, model);
    List<int[]> expected = golden.rows(name + ".generated");
    int differences = 0;
    for (int row = 0; row < files.size(); row++) {
      SequenceSource source = model.listen(window(files.get(row), model.features()));
      String language = stated.path("language").asText();
      if (stated.path("language").isNull()) {
        language = detected(name, stated, writer, tokens, source);
      }
      int[] own =
          tokens.prompt(tokens.language(language), stated.path("task").asText(), timestamps);
      int[] before = IntStream.concat(Arrays.stream(introduction), Arrays.stream(own)).toArray();
      int[] wanted = withoutEnd(expected.get(row), tokens.end());
      int most = Math.min(14, model.network().targetLimit() - before.length);
      int[] ids =
          writer
              .write(source, before, timestamps, most, 0, new SplittableRandom(0), () -> false)
              .ids();
      int[] found =
          WindowSegments.of(ids, tokens.firstTimestamp(), model.features().frames())
              .parts()
              .stream()
              .flatMapToInt(part -> Arrays.stream(part.ids()))
              .toArray();
      differences += Arrays.equals(found, wanted) ? 0 : 1;
    }
    golden.compared(name + ".generated", new Deviation(differences, 0));
  }

  private int[] prompt(String name, JsonNode stated, WhisperModel model) {
    if (!stated.hasNonNull("prompt")) {
      return new int[0];
    }
    int[] text = model.tokenizer().encode(" " + stated.path("prompt").asText().strip(), false);
    int[] found =
        IntStream.concat(model.tokens().previous().stream(), Arrays.stream(text)).toArray();
    int[] wanted =
        Arrays.stream(golden.longs(name + ".prompt_ids")).mapToInt(Math::toIntExact).toArray();
    golden.compared(name + ".prompt_ids", new Deviation(Arrays.equals(found, wanted) ? 0 : 1, 0));
    return found;
  }

  private String detected(
      String name,
      JsonNode stated,
      WindowWriter writer,
      SpeechTokens tokens,
      SequenceSource source) {
    Map.Entry<String, Integer> found = writer.language(source);
    long wanted = golden.longs(name + ".detected_language_id")[0];
    golden.compared(
        name + ".detected_language_id", new Deviation(Math.abs(found.getValue() - wanted), 0));
    float[] scores = writer.languageScores(source);
    float[] logits = new float[stated.path("languages").size()];
    for (int i = 0; i < logits.length; i++) {
      String code = stated.path("languages").path(i).asText();
      logits[i] = scores[tokens.language(code).getAsInt()];
    }
    compared(name + ".language_logits", logits, Tolerances.FP32);
    return found.getKey();
  }

  private static int[] withoutEnd(int[] ids, int end) {
    int count = ids.length;
    while (count > 0 && ids[count - 1] == end) {
      count--;
    }
    return Arrays.copyOf(ids, count);
  }

  private void normalizers() {
    if (!Files.exists(golden.path().resolve("normaliser.json"))) {
      return;
    }
    JsonNode all = GoldenFolder.json(golden.path(), "normaliser.json");
    Map<String, String> spellings = new HashMap<>();
    all.path("english_spelling")
        .properties()
        .forEach(word -> spellings.put(word.getKey(), word.getValue().asText()));
    texts(
        "normaliser.english",
        all.path("english"),
        "normalised",
        TranscriptNormalizer.english(spellings));
    texts("normaliser.basic", all.path("basic"), "normalised", TranscriptNormalizer.basic());
    texts(
        "normaliser.letters",
        all.path("basic"),
        "remove_diacritics_and_split_letters",
        TranscriptNormalizer.basic(true, true));
  }

  private void texts(
      String quantity, JsonNode rows, String field, TranscriptNormalizer normalizer) {
    int differences = 0;
    for (JsonNode row : rows) {
      String found = normalizer.apply(row.path("text").asText());
      differences += found.equals(row.path(field).asText()) ? 0 : 1;
    }
    golden.compared(quantity, new Deviation(rows.isEmpty() ? 1 : differences, 0));
  }

  /** Compares every k-th value, where the reference has only those. */
  private void compared(String tensor, float[] found, double tolerance) {
    if (!golden.has(tensor)) {
      return;
    }
    float[] wanted = golden.floats(tensor);
    int every = (found.length + wanted.length - 1) / wanted.length;
    float[] sampled = new float[(found.length + every - 1) / every];
    for (int i = 0; i < sampled.length; i++) {
      sampled[i] = found[i * every];
    }
    golden.compared(tensor, sampled, tolerance);
  }
}
