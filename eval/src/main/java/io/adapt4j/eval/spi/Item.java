package io.adapt4j.eval.spi;

import java.util.List;
import java.util.Map;

/** A question of a task. */
public interface Item {

  /**
   * Returns the item's id, unique within its task.
   *
   * @return its id
   */
  String id();

  /** {@return properties of the item, for slicing results} */
  Map<String, String> fields();

  /** {@return the requests to a model} */
  List<Request> requests();

  /**
   * Grades a model's replies.
   *
   * @param replies one per request, in order
   * @return the outcome
   */
  Outcome judge(List<Reply> replies);
}
