package io.adapt4j.serve.speech;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.serve.RecordingTranscriber;
import io.adapt4j.speech.SpeechTranscriber;
import io.adapt4j.speech.transcript.RecordingException;
import io.adapt4j.speech.transcript.SpeechTask;
import io.adapt4j.speech.transcript.Transcript;
import io.adapt4j.speech.transcript.TranscriptFormat;
import io.adapt4j.speech.transcript.TranscriptionOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/**
 * Transcribes recordings with a {@link SpeechTranscriber} of the module {@code speech}, which the
 * application adds to its class path.
 */
public final class ServedTranscriber implements RecordingTranscriber {

  private final SpeechTranscriber model;

  /**
   * Creates transcription with a model.
   *
   * @param model the model, open for as long as the server
   */
  public ServedTranscriber(SpeechTranscriber model) {
    this.model = Objects.requireNonNull(model, "model");
  }

  @Override
  public String transcribe(Path recording, Request request, CancellationToken cancellation) {
    TranscriptFormat format =
        Arrays.stream(TranscriptFormat.values())
            .filter(known -> known.key().equals(request.format()))
            .findFirst()
            .orElseThrow();
    boolean timed = format != TranscriptFormat.TEXT && format != TranscriptFormat.JSON;
    TranscriptionOptions.Builder options =
        TranscriptionOptions.builder()
            .timestamps(timed)
            .task(request.translates() ? SpeechTask.TRANSLATE : SpeechTask.TRANSCRIBE);
    request.language().ifPresent(options::language);
    request.prompt().ifPresent(options::prompt);
    if (request.temperature().orElse(0) > 0) {
      options.temperatures(request.temperature().getAsDouble());
    }
    try {
      Transcript transcript =
          model.transcribe(recording, options.build(), segment -> {}, cancellation);
      if (transcript.cancelled()) {
        throw new CancellationException();
      }
      return format.write(transcript);
    } catch (RecordingException e) {
      // The client does not know the file under the server's name.
      String message = String.valueOf(e.getMessage()).replace(recording.toString(), "file");
      throw new IllegalArgumentException(message, e);
    }
  }
}
