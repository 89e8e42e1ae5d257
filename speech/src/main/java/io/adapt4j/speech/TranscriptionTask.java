package io.adapt4j.speech;

import io.adapt4j.core.task.Task;
import io.adapt4j.speech.transcript.SpeechTask;
import java.util.Locale;
import java.util.Optional;

/**
 * Training task of Whisper: recordings with their transcripts ({@link
 * io.adapt4j.core.data.Example.Recording}), one window (30 s) at most each. The loss is that of
 * Transformers: cross-entropy of the tokens of language, task, no timestamps, text and end. Rows
 * with more tokens than {@code maxLength} are left out. Measures {@code wer} over all validation
 * rows, written greedily and normalized for the language, with {@code adapt4j-eval}; {@code
 * evaluationSamples(0)} leaves it out.
 *
 * @param language code of the language spoken, such as {@code en}; empty for a model of one
 *     language
 * @param task whether the texts are transcripts or translations into English
 */
public record TranscriptionTask(Optional<String> language, SpeechTask task) implements Task {

  /** Changes the code to lower case. */
  public TranscriptionTask {
    language = language.map(code -> code.strip().toLowerCase(Locale.ROOT));
  }

  /**
   * Creates the task of transcription.
   *
   * @return the task, without a language
   */
  public static TranscriptionTask create() {
    return new TranscriptionTask(Optional.empty(), SpeechTask.TRANSCRIBE);
  }

  /**
   * Returns the task for a language.
   *
   * @param code code of the language spoken
   * @return a changed copy
   */
  public TranscriptionTask language(String code) {
    return new TranscriptionTask(Optional.of(code), task);
  }

  /**
   * Returns the task for transcripts or translations.
   *
   * @param ofTexts what the texts of rows are
   * @return a changed copy
   */
  public TranscriptionTask task(SpeechTask ofTexts) {
    return new TranscriptionTask(language, ofTexts);
  }
}
