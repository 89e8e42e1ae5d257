package io.adapt4j.serve;

import io.adapt4j.core.generate.CancellationToken;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Transcribes recordings. {@link io.adapt4j.serve.speech.ServedTranscriber} implements it with the
 * module {@code speech}, if that is on the class path. Called by several threads.
 */
@FunctionalInterface
public interface RecordingTranscriber {

  /**
   * Transcribes a recording.
   *
   * @param recording a file that the server deletes afterwards
   * @param request language, task and format of the transcript
   * @param cancellation cancels the transcription
   * @return the transcript in the requested format
   * @throws IllegalArgumentException if the recording cannot be read, or the model does not support
   *     the request; the message goes to the client
   */
  String transcribe(Path recording, Request request, CancellationToken cancellation);

  /**
   * Request for a transcript.
   *
   * @param translates whether the text is to be in English
   * @param language code of the language spoken; empty to detect it
   * @param prompt text for spelling and style; empty for none
   * @param temperature temperature of sampling; empty or 0 for the most probable text
   * @param format {@code json}, {@code text}, {@code srt}, {@code verbose_json} or {@code vtt}
   */
  record Request(
      boolean translates,
      Optional<String> language,
      Optional<String> prompt,
      OptionalDouble temperature,
      String format) {}
}
