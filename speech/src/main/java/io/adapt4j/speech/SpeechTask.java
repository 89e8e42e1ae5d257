package io.adapt4j.speech;

/** What a model writes about a recording. */
public enum SpeechTask {
  /** What is said, in its language. */
  TRANSCRIBE("transcribe"),
  /** What is said, in English. */
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
