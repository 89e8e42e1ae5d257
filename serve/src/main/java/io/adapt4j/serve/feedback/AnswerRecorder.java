package io.adapt4j.serve.feedback;

/** Recorder of answers and of feedback on them. Called by several threads. */
public interface AnswerRecorder {

  /**
   * Records an answer before its end is sent. A failure is logged, and the answer is sent all the
   * same.
   *
   * @param answer the answer
   */
  void answered(ServedAnswer answer);

  /**
   * Records feedback.
   *
   * @param feedback the feedback
   * @return false if an answer that it is about is not known (any more)
   * @throws IllegalArgumentException if it is not acceptable; the client is told the message
   */
  boolean judged(ServedFeedback feedback);
}
