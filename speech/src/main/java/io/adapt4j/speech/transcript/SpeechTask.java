package io.adapt4j.speech.transcript;

/** Tasks of a model that listens to a recording. */
public enum SpeechTask {
  /** Writing what is said, in its language. */
  TRANSCRIBE("transcribe"),
  /** Writing what is said, in English. */
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
