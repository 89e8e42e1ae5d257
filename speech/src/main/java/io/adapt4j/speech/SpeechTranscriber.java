package io.adapt4j.speech;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.speech.internal.audio.Samples;
import io.adapt4j.speech.internal.audio.WavFile;
import io.adapt4j.speech.internal.whisper.Transcription;
import io.adapt4j.speech.internal.whisper.WhisperModel;
import io.adapt4j.speech.transcript.RecordingException;
import io.adapt4j.speech.transcript.Segment;
import io.adapt4j.speech.transcript.Transcript;
import io.adapt4j.speech.transcript.TranscriptionOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Transcriber of speech: Whisper (Radford et al. 2022).
 *
 * <p>Recordings are WAV files (PCM in 8 to 32 bits or floating-point numbers, any rate; channels
 * are averaged) or samples in memory. A file is read in parts, so that hours take no more memory
 * than a minute.
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class SpeechTranscriber implements AutoCloseable {

  private static final String FAMILY = "whisper";

  private final WhisperModel model;
  private final SingleUse use;

  private SpeechTranscriber(WhisperModel model) {
    this.model = model;
    this.use = new SingleUse("SpeechTranscriber", model::close);
  }

  /**
   * Loads a model in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @param adapters adapters to apply, in this order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the configuration is missing,
   *     malformed or not that of a model for speech, or if weights, features or tokenizer do not
   *     fit it
   * @throws IllegalArgumentException if an adapter does not fit, with every reason
   */
  public static SpeechTranscriber load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static SpeechTranscriber load(
      ModelSource source, Precision precision, Adapter... adapters) {
    return new SpeechTranscriber(
        WhisperModel.load(
            source.folder(),
            precision,
            WeightFormat.asStored(),
            AdapterMechanics.of(List.of(adapters))));
  }

  /**
   * Returns whether a model is one for speech, from its configuration alone.
   *
   * @return true if {@link #load} can load it
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the configuration is missing or
   *     malformed
   */
  public static boolean reads(ModelSource source) {
    return ModelConfig.read(source.folder()).modelType().equals(FAMILY);
  }

  /**
   * Returns the languages that the model knows.
   *
   * @return their codes, such as {@code en}; empty for a model of one language
   */
  public Set<String> languages() {
    return model.tokens().languages().keySet();
  }

  /**
   * Transcribes a recording with the default options.
   *
   * @param recording a WAV file
   * @return the transcript
   * @throws RecordingException if the file cannot be read
   */
  public Transcript transcribe(Path recording) {
    return transcribe(recording, TranscriptionOptions.defaults());
  }

  /**
   * Transcribes a recording.
   *
   * @param recording a WAV file
   * @param options language, task, timestamps and thresholds
   * @return the transcript
   * @throws RecordingException if the file cannot be read
   * @throws IllegalArgumentException if the model does not know the language or the task
   */
  public Transcript transcribe(Path recording, TranscriptionOptions options) {
    return transcribe(recording, options, segment -> {}, new CancellationToken());
  }

  /**
   * Transcribes a recording, streamed and cancellable from another thread.
   *
   * @param recording a WAV file
   * @param options language, task, timestamps and thresholds
   * @param onSegment receives each segment as soon as it is known
   * @param cancellation cancels the transcription after the current token
   * @return the transcript; if cancelled, its beginning
   * @throws RecordingException if the file cannot be read
   * @throws IllegalArgumentException if the model does not know the language or the task
   */
  public Transcript transcribe(
      Path recording,
      TranscriptionOptions options,
      Consumer<Segment> onSegment,
      CancellationToken cancellation) {
    Objects.requireNonNull(recording, "recording");
    return use.call(
        () -> {
          Transcription call = transcription(options, onSegment, cancellation);
          try (Samples samples = WavFile.open(recording)) {
            return call.of(samples);
          }
        });
  }

  /**
   * Transcribes samples.
   *
   * @param samples one channel, from -1 to 1
   * @param rate samples a second, from 1,000 to 384,000
   * @param options language, task, timestamps and thresholds
   * @return the transcript
   * @throws IllegalArgumentException if a sample is not finite, or if the model does not know the
   *     language or the task
   */
  public Transcript transcribe(float[] samples, int rate, TranscriptionOptions options) {
    return transcribe(samples, rate, options, segment -> {}, new CancellationToken());
  }

  /**
   * Transcribes samples, streamed and cancellable from another thread, otherwise as {@link
   * #transcribe(float[], int, TranscriptionOptions)}.
   *
   * @param options language, task, timestamps and thresholds
   * @param onSegment receives each segment as soon as it is known
   * @param cancellation cancels the transcription after the current token
   * @return the transcript; if cancelled, its beginning
   */
  public Transcript transcribe(
      float[] samples,
      int rate,
      TranscriptionOptions options,
      Consumer<Segment> onSegment,
      CancellationToken cancellation) {
    if (rate < WavFile.MIN_RATE || rate > WavFile.MAX_RATE) {
      throw new IllegalArgumentException(
          "rate: expected %d to %d samples a second, found %d"
              .formatted(WavFile.MIN_RATE, WavFile.MAX_RATE, rate));
    }
    Samples.requireFinite(samples);
    return use.call(
        () -> transcription(options, onSegment, cancellation).of(Samples.of(samples, rate)));
  }

  private Transcription transcription(
      TranscriptionOptions options, Consumer<Segment> onSegment, CancellationToken cancellation) {
    return new Transcription(
        model,
        Objects.requireNonNull(options, "options"),
        Objects.requireNonNull(onSegment, "onSegment"),
        Objects.requireNonNull(cancellation, "cancellation"));
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
