package io.adapt4j.eval;

/** Hears how far an evaluation is. */
@FunctionalInterface
public interface EvaluationListener {

  /**
   * Requests have been answered.
   *
   * @param candidate the candidate's name
   * @param done how many of its requests have replies
   * @param all how many there are, kept replies not counted
   */
  void asked(String candidate, int done, int all);
}
