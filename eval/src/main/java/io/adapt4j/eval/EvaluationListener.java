package io.adapt4j.eval;

/** Receives the progress of an evaluation. */
@FunctionalInterface
public interface EvaluationListener {

  /**
   * Requests have been answered.
   *
   * @param candidate the candidate's name
   * @param done number of its requests that have replies
   * @param all number of its requests, without stored replies
   */
  void asked(String candidate, int done, int all);
}
