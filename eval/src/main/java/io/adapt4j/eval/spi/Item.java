package io.adapt4j.eval.spi;

import java.util.List;
import java.util.Map;

/** One question of a task. */
public interface Item {

  /**
   * Names the item within its task.
   *
   * @return its id
   */
  String id();

  /** {@return what is known about the item, to slice results by} */
  Map<String, String> fields();

  /** {@return what a model is asked} */
  List<Request> requests();

  /**
   * Judges a model's replies.
   *
   * @param replies one a request, in their order
   * @return the outcome
   */
  Outcome judge(List<Reply> replies);
}
