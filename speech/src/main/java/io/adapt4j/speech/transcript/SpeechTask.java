package io.adapt4j.speech.transcript;

/** Tasks of a model that listens to a recording. */
public enum SpeechTask {
  /** Transcription in the language of the speech. */
  TRANSCRIBE("transcribe"),
  /** Translation to English. */
  TRANSLATE("translate");

  private final String key;

  SpeechTask(String key) {
    this.key = key;
  }

  /** {@return the name in the files of models, such as {@code transcribe}} */
  public String key() {
    return key;
  }
}
