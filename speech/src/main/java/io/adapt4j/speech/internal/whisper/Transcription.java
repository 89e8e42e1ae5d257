package io.adapt4j.speech.internal.whisper;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.speech.internal.audio.Resampled;
import io.adapt4j.speech.internal.audio.Samples;
import io.adapt4j.speech.internal.audio.Spectrogram;
import io.adapt4j.speech.internal.whisper.WindowSegments.Part;
import io.adapt4j.speech.internal.whisper.WindowWriter.Written;
import io.adapt4j.speech.transcript.Segment;
import io.adapt4j.speech.transcript.Transcript;
import io.adapt4j.speech.transcript.TranscriptionOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Transcribes a recording window by window: the last timestamp of a window is where the next one
 * begins, and a window whose text looks bad is written again at a higher temperature (Radford et
 * al. 2022, section 4.5). For one call.
 */
public final class Transcription {

  /** From this temperature on, a window's text is not shown to the next one. */
  private static final double UNSURE = 0.5;

  private final WhisperModel model;
  private final WindowWriter writer;
  private final TranscriptionOptions options;
  private final Consumer<Segment> listener;
  private final CancellationToken cancellation;
  private final SplittableRandom random;
  private final int[] introduction;
  private final List<Segment> segments = new ArrayList<>();
  private final List<Integer> history = new ArrayList<>();
  private Optional<String> language = Optional.empty();
  private boolean trusted = true;

  /** A window's text, and whether it is silence. */
  private record Window(Written written, double temperature, boolean isSilent) {

    Segment.Quality quality() {
      return new Segment.Quality(
          temperature,
          written.averageLogProbability(),
          written.compressionRatio(),
          written.noSpeechProbability());
    }
  }

  /** Prepares a transcription; rejects options that the model does not have. */
  public Transcription(
      WhisperModel model,
      TranscriptionOptions options,
      Consumer<Segment> listener,
      CancellationToken cancellation) {
    this.model = model;
    this.writer = new WindowWriter(model.network(), model.tokens());
    this.options = options;
    this.listener = listener;
    this.cancellation = cancellation;
    this.random = new SplittableRandom(options.seed());
    this.introduction = options.prompt().map(this::introduction).orElse(new int[0]);
    model.tokens().require(options.language(), options.task().key());
  }

  /** Returns the tokens of the prompt: at most half of what the model writes. */
  private int[] introduction(String text) {
    int[] ids = model.tokenizer().encode(" " + text.strip(), false);
    int most = half();
    int[] last = ids.length > most ? Arrays.copyOfRange(ids, ids.length - most, ids.length) : ids;
    return joined(OptionalInt.of(previous()), last);
  }

  private int half() {
    return model.network().targetLimit() / 2 - 1;
  }

  private int previous() {
    return model
        .tokens()
        .previous()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "This model has no token <|startofprev|>, so nothing can stand before a"
                        + " window: leave out prompt and conditionOnPreviousText"));
  }

  private static int[] joined(OptionalInt first, int[] others) {
    return IntStream.concat(first.stream(), Arrays.stream(others)).toArray();
  }

  /** Transcribes samples. */
  public Transcript of(Samples recording) {
    Samples samples = Resampled.at(model.features().rate(), recording);
    double duration = (double) recording.count() / recording.rate();
    if (recording.count() > 0) {
      windows(new Spectrogram(samples, model.features(), model.network().engine()), duration);
    }
    StringBuilder text = new StringBuilder();
    segments.forEach(segment -> text.append(segment.text()));
    return new Transcript(
        text.toString().strip(),
        language,
        options.task(),
        duration,
        segments,
        cancellation.isCancelled());
  }

  private void windows(Spectrogram spectrogram, double duration) {
    boolean timestamps = options.timestamps() || !spectrogram.isShort();
    long frames = Math.max(1, spectrogram.frames());
    for (long seek = 0; seek < frames && !cancellation.isCancelled(); ) {
      long held = Math.min(model.features().frames(), frames - seek);
      try (Scope scope = Scope.open(model.network().engine())) {
        SequenceSource source = model.listen(spectrogram.window(seek));
        if (seek == 0) {
          language = language(source);
        }
        Window window = window(source, timestamps);
        if (cancellation.isCancelled()) {
          return;
        }
        trusted = window.temperature() < UNSURE;
        if (window.isSilent()) {
          seek += held;
          continue;
        }
        int[] ids = window.written().ids();
        if (!timestamps) {
          add(0, duration, ids, window);
          return;
        }
        WindowSegments parts = WindowSegments.of(ids, model.tokens().firstTimestamp(), held);
        double offset = (double) seek * model.features().hop() / model.features().rate();
        for (Part part : parts.parts()) {
          double start = offset + part.start() * model.step();
          add(start, Math.min(duration, offset + part.end() * model.step()), part.ids(), window);
        }
        seek += parts.frames();
      }
    }
  }

  private Optional<String> language(SequenceSource source) {
    if (model.tokens().languages().isEmpty()) {
      return Optional.empty();
    }
    return options.language().or(() -> Optional.of(writer.language(source).getKey()));
  }

  private void add(double start, double end, int[] ids, Window window) {
    int begin = model.tokens().firstTimestamp();
    int[] words = Arrays.stream(ids).filter(id -> id < begin).toArray();
    String text = model.tokenizer().decode(words, true);
    int kept = ids.length >= 2 && ids[ids.length - 2] >= begin ? ids.length - 1 : ids.length;
    Arrays.stream(ids, 0, kept).forEach(history::add);
    while (history.size() > half()) {
      history.remove(0);
    }
    if (!text.isBlank()) {
      Segment segment =
          new Segment(
              Math.min(start, end),
              end,
              text,
              Arrays.stream(ids).boxed().toList(),
              window.quality());
      segments.add(segment);
      listener.accept(segment);
    }
  }

  /** Writes a window at one temperature after the other until its text is good. */
  private Window window(SequenceSource source, boolean timestamps) {
    int[] prompt = prompt(timestamps);
    int limit = model.network().targetLimit();
    int before = Math.min(half(), prompt.length - 1);
    int most = Math.min(model.tokens().maxLength() + before, limit) - prompt.length;
    most = options.maxNewTokens().orElse(most);
    most = Math.max(1, Math.min(most, limit - prompt.length));
    List<Double> temperatures = options.temperatures();
    for (int i = 0; ; i++) {
      double temperature = temperatures.get(i);
      Written written =
          writer.write(
              source, prompt, timestamps, most, temperature, random, cancellation::isCancelled);
      boolean unsure =
          options.logProbabilityThreshold().isPresent()
              && written.averageLogProbability() < options.logProbabilityThreshold().getAsDouble();
      boolean silent =
          unsure
              && options.noSpeechThreshold().isPresent()
              && written.noSpeechProbability() > options.noSpeechThreshold().getAsDouble();
      boolean repeats =
          options.compressionRatioThreshold().isPresent()
              && written.compressionRatio() > options.compressionRatioThreshold().getAsDouble();
      boolean good = silent || !(unsure || repeats);
      if (good || i == temperatures.size() - 1 || cancellation.isCancelled()) {
        return new Window(written, temperature, silent);
      }
    }
  }

  private int[] prompt(boolean timestamps) {
    OptionalInt spoken = language.map(model.tokens()::language).orElse(OptionalInt.empty());
    int[] own = model.tokens().prompt(spoken, options.task().key(), timestamps);
    int[] earlier = introduction;
    if (options.conditionOnPreviousText() && trusted && !history.isEmpty()) {
      int[] shown =
          Arrays.copyOfRange(introduction, Math.min(1, introduction.length), introduction.length);
      int[] all =
          IntStream.concat(Arrays.stream(shown), history.stream().mapToInt(id -> id)).toArray();
      int from = Math.max(0, all.length - half());
      earlier = joined(OptionalInt.of(previous()), Arrays.copyOfRange(all, from, all.length));
    }
    return IntStream.concat(Arrays.stream(earlier), Arrays.stream(own)).toArray();
  }
}
