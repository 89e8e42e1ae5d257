package io.adapt4j.speech.transcript;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Text of a recording, with its parts.
 *
 * @param text the whole text
 * @param language code of the language spoken, such as {@code en}: the stated or the detected one;
 *     empty for a model of one language
 * @param task what was written
 * @param duration seconds of the recording
 * @param segments the parts, in order; a recording of one window without timestamps has at most one
 * @param cancelled whether the call was cancelled, and the rest of the recording is missing
 */
public record Transcript(
    String text,
    Optional<String> language,
    SpeechTask task,
    double duration,
    List<Segment> segments,
    boolean cancelled) {

  /** Copies the segments. */
  public Transcript {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(language, "language");
    Objects.requireNonNull(task, "task");
    segments = List.copyOf(segments);
  }
}
