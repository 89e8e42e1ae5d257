package io.adapt4j.upkeep.deletion;

import io.adapt4j.core.internal.TextTrace;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.eval.internal.ReplyStore;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Places that keep texts, or what was made of them, beside the data itself. */
final class KeptTexts {

  private static final String REPLIES = "replies";
  private static final String ANSWERS = "answers";

  private final List<Path> replies = new ArrayList<>();
  private final List<Path> answers = new ArrayList<>();
  private final Map<Path, FeedbackLog> feedback = new LinkedHashMap<>();

  void addReplies(Path folder) {
    replies.add(folder);
  }

  void addAnswers(Path folder) {
    answers.add(folder);
  }

  void addFeedback(FeedbackLog log) {
    feedback.put(log.folder(), log);
  }

  boolean isEmpty() {
    return replies.isEmpty() && answers.isEmpty() && feedback.isEmpty();
  }

  /** Returns the replies and answers that {@link #forget} would remove. */
  List<DeletionReport.Removed> find(List<String> texts) {
    List<DeletionReport.Removed> found = new ArrayList<>();
    for (Path folder : replies) {
      ReplyStore.find(folder, texts)
          .forEach((file, keys) -> found.add(new DeletionReport.Removed(REPLIES, file, keys)));
    }
    for (Path folder : answers) {
      found.add(new DeletionReport.Removed(ANSWERS, folder, AnswerCache.at(folder).find(texts)));
    }
    return found;
  }

  /** Removes what was made of texts. Repeating it after a kill removes the rest. */
  List<DeletionReport.Removed> forget(List<String> texts) {
    List<DeletionReport.Removed> removed = new ArrayList<>();
    for (Path folder : replies) {
      ReplyStore.forget(folder, texts)
          .forEach((file, keys) -> removed.add(new DeletionReport.Removed(REPLIES, file, keys)));
    }
    for (Path folder : answers) {
      removed.add(
          new DeletionReport.Removed(ANSWERS, folder, AnswerCache.at(folder).forget(texts)));
    }
    TextTrace.Sought sought = TextTrace.sought(texts);
    feedback.forEach(
        (folder, log) ->
            removed.add(
                new DeletionReport.Removed("feedback", folder, log.forgetTexts(sought::isIn))));
    removed.removeIf(entries -> entries.ids().isEmpty());
    return removed;
  }
}
