package io.adapt4j.upkeep.feedback;

import java.util.List;

/**
 * Entries of a log, in its order.
 *
 * @param answers the answers
 * @param feedback the feedback on them
 */
public record FeedbackEntries(List<RecordedAnswer> answers, List<Feedback> feedback) {

  /** Creates entries. */
  public FeedbackEntries {
    answers = List.copyOf(answers);
    feedback = List.copyOf(feedback);
  }
}
