package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.TextSimilarity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Application of rules to the entries of a log. */
final class RowMaker {

  private final Set<FeedbackRule> rules;
  private final Optional<PersonalData> masking;
  private final FeedbackEntries entries;
  private final Map<String, RecordedAnswer> known = new HashMap<>();

  /** Ids of flagged answers; a flag needs no consent. */
  private final Set<String> flagged = new HashSet<>();

  private final Map<String, Judged> judged = new LinkedHashMap<>();
  private final List<FeedbackRow> answers = new ArrayList<>();
  private final List<FeedbackRow> preferences = new ArrayList<>();
  private final Map<String, Integer> omitted = new LinkedHashMap<>();

  RowMaker(Set<FeedbackRule> rules, Optional<PersonalData> masking, FeedbackEntries entries) {
    this.rules = rules;
    this.masking = masking;
    this.entries = entries;
    entries.answers().forEach(answer -> known.put(answer.id(), answer));
    for (Feedback feedback : entries.feedback()) {
      feedback.judgment().flag().ifPresent(reason -> flagged.add(feedback.answer()));
    }
  }

  /** An answer and the feedback that counts: the last of each kind by each customer. */
  private record Judged(RecordedAnswer answer, Map<String, Feedback> latest) {

    Optional<Feedback> rating(Predicate<Rating> wanted) {
      return latest.values().stream()
          .filter(feedback -> feedback.judgment().rating().filter(wanted).isPresent())
          .findFirst();
    }

    boolean isGood() {
      return rating(Rating::isGood).isPresent();
    }

    boolean isBad() {
      return rating(Rating::isBad).isPresent();
    }

    List<Feedback> with(Predicate<Judgment> wanted) {
      return latest.values().stream().filter(one -> wanted.test(one.judgment())).toList();
    }

    /** Key of answers with equal texts to equal requests. */
    List<Object> same() {
      return List.of(answer.request(), answer.text());
    }
  }

  FeedbackRows rows() {
    collect();
    leaveOutContradictions();
    judged.values().forEach(this::learn);
    judged.values().forEach(this::prefer);
    preferUpOverDown();
    return new FeedbackRows(answers, preferences, omitted);
  }

  private void collect() {
    for (Feedback feedback : entries.feedback()) {
      RecordedAnswer answer = known.get(feedback.answer());
      if (answer == null) {
        omit("feedback on answers that are no longer in the log");
      } else if (flagged.contains(answer.id())) {
        omit("feedback on answers that were flagged");
      } else if (!feedback.consent() || usable(answer.id()) == null) {
        omit("feedback without consent to training");
      } else {
        add(
            judged
                .computeIfAbsent(answer.id(), id -> new Judged(answer, new LinkedHashMap<>()))
                .latest(),
            feedback);
      }
    }
  }

  /** Adds feedback; what a customer said before of the same kind no longer counts. */
  private static void add(Map<String, Feedback> latest, Feedback feedback) {
    String who = feedback.customer().orElse(feedback.id());
    Judgment judgment = feedback.judgment();
    List<String> kinds = new ArrayList<>();
    judgment.rating().ifPresent(rating -> kinds.add("rating"));
    judgment.correction().ifPresent(text -> kinds.add("correction"));
    judgment.preferredOver().ifPresent(answer -> kinds.add("over " + answer));
    for (String kind : kinds) {
      latest.put(kind + " by " + who, only(feedback, kind));
    }
  }

  /** Returns feedback with one of its judgments. */
  private static Feedback only(Feedback feedback, String kind) {
    Judgment all = feedback.judgment();
    Judgment one =
        new Judgment(
            all.rating().filter(rating -> kind.equals("rating")),
            all.correction().filter(text -> kind.equals("correction")),
            all.preferredOver().filter(answer -> kind.startsWith("over ")),
            Optional.empty());
    return new Feedback(
        feedback.id(),
        feedback.answer(),
        feedback.time(),
        feedback.customer(),
        feedback.consent(),
        one);
  }

  /** Leaves out ratings of equal answers to equal requests that contradict each other. */
  private void leaveOutContradictions() {
    Map<List<Object>, boolean[]> ratings = new HashMap<>();
    for (Judged one : judged.values()) {
      boolean[] found = ratings.computeIfAbsent(one.same(), key -> new boolean[2]);
      found[0] |= one.isGood();
      found[1] |= one.isBad();
    }
    for (Judged one : judged.values()) {
      boolean[] found = ratings.get(one.same());
      if (found != null && found[0] && found[1]) {
        one.latest()
            .values()
            .removeIf(
                feedback ->
                    omitIf(
                        feedback.judgment().rating().isPresent(),
                        "ratings of one answer to one request that contradict each other"));
      }
    }
  }

  private boolean omitIf(boolean condition, String reason) {
    if (condition) {
      omit(reason);
    }
    return condition;
  }

  private void omit(String reason) {
    omitted.merge(reason, 1, Integer::sum);
  }

  private void learn(Judged one) {
    List<Feedback> corrections = one.with(judgment -> judgment.correction().isPresent());
    for (Feedback feedback : corrections) {
      String better = feedback.judgment().correction().orElseThrow();
      addAnswer(FeedbackRule.CORRECTION, one, better, feedback);
      if (!one.isGood()) {
        addPreference(
            FeedbackRule.CORRECTION_OVER_ANSWER, one.answer(), better, one.answer(), feedback);
      }
    }
    if (corrections.isEmpty()) {
      one.rating(Rating::isGood)
          .ifPresent(
              feedback -> addAnswer(FeedbackRule.RATED_UP, one, one.answer().text(), feedback));
    }
  }

  private void prefer(Judged one) {
    for (Feedback feedback : one.with(judgment -> judgment.preferredOver().isPresent())) {
      String id = feedback.judgment().preferredOver().orElseThrow();
      RecordedAnswer other = usable(id);
      if (other == null || !other.request().equals(one.answer().request())) {
        omit("preferences over answers to another request, flagged, or without consent");
      } else if (isPreferredOver(other.id(), one.answer().id())) {
        omit("preferences that contradict each other");
      } else {
        addPreference(FeedbackRule.PREFERENCE, one.answer(), one.answer().text(), other, feedback);
      }
    }
  }

  /** Returns an answer that may be learned from, or null. */
  private @Nullable RecordedAnswer usable(String id) {
    RecordedAnswer answer = known.get(id);
    boolean usable = answer != null && answer.consent() && answer.hasContent();
    return usable && !flagged.contains(id) ? answer : null;
  }

  private boolean isPreferredOver(String better, String worse) {
    Judged one = judged.get(better);
    return one != null
        && !one.with(judgment -> judgment.preferredOver().filter(worse::equals).isPresent())
            .isEmpty();
  }

  private void preferUpOverDown() {
    Map<List<ChatMessage>, List<Judged>> good = new HashMap<>();
    for (Judged one : judged.values()) {
      if (one.isGood()) {
        good.computeIfAbsent(one.answer().request(), key -> new ArrayList<>()).add(one);
      }
    }
    Map<List<ChatMessage>, Integer> used = new HashMap<>();
    for (Judged one : judged.values()) {
      List<Judged> better = good.get(one.answer().request());
      Optional<Feedback> down = one.rating(Rating::isBad);
      if (better != null && down.isPresent()) {
        // Each answer that is rated down is used once, with the good ones in turn.
        int turn = used.merge(one.answer().request(), 1, Integer::sum) - 1;
        Judged chosen = better.get(turn % better.size());
        addPreference(
            FeedbackRule.UP_OVER_DOWN,
            chosen.answer(),
            chosen.answer().text(),
            one.answer(),
            chosen.rating(Rating::isGood).orElseThrow(),
            down.get());
      }
    }
  }

  private void addAnswer(FeedbackRule rule, Judged one, String text, Feedback feedback) {
    if (rules.contains(rule)) {
      List<ChatMessage> messages = masked(one.answer().request());
      messages.add(ChatMessage.assistant(masked(text)));
      answers.add(row(new Example.Chat(messages), rule, List.of(one.answer()), feedback));
    }
  }

  private void addPreference(
      FeedbackRule rule,
      RecordedAnswer chosen,
      String better,
      RecordedAnswer rejected,
      Feedback... feedback) {
    if (!rules.contains(rule)) {
      return;
    }
    String good = masked(better);
    String bad = masked(rejected.text());
    if (TextSimilarity.same(good, bad)) {
      omit("preferences between equal texts");
      return;
    }
    Example example =
        new Example.ChatPreference(
            masked(rejected.request()),
            List.of(ChatMessage.assistant(good)),
            List.of(ChatMessage.assistant(bad)));
    List<RecordedAnswer> both =
        chosen.equals(rejected) ? List.of(rejected) : List.of(chosen, rejected);
    preferences.add(row(example, rule, both, feedback));
  }

  private static FeedbackRow row(
      Example example, FeedbackRule rule, List<RecordedAnswer> used, Feedback... feedback) {
    Set<String> ids = new LinkedHashSet<>();
    Set<String> versions = new LinkedHashSet<>();
    Set<String> customers = new LinkedHashSet<>();
    for (Feedback one : feedback) {
      one.customer().ifPresent(customers::add);
    }
    for (RecordedAnswer answer : used) {
      ids.add(answer.id());
      versions.add(answer.version());
      answer.customer().ifPresent(customers::add);
    }
    for (Feedback one : feedback) {
      ids.add(one.id());
    }
    return new FeedbackRow(
        example, rule, List.copyOf(ids), List.copyOf(versions), List.copyOf(customers));
  }

  private List<ChatMessage> masked(List<ChatMessage> messages) {
    return new ArrayList<>(
        messages.stream()
            .map(message -> masking.map(data -> data.mask(message)).orElse(message))
            .toList());
  }

  private String masked(String text) {
    return masking.map(data -> data.mask(text)).orElse(text);
  }
}
